# The rooms, lowest first. A room may use only rooms above it in this file.
cdn_room(base)
cdn_room(config USES base)
cdn_room(crypto USES base LIBS PkgConfig::CRYPTO)
cdn_room(http USES base LIBS PkgConfig::CJSON)
cdn_room(sniff USES base LIBS PkgConfig::MAGIC)
cdn_room(store USES base config crypto http LIBS PkgConfig::HIREDIS)
cdn_room(auth USES base config crypto http store)
cdn_room(app USES base config crypto http sniff store auth LIBS m)
