# The rooms, lowest first. A room may use only rooms above it in this file.
cdn_room(base
	SOURCES arena.c slice.c buf.c error.c number.c clock.c uuid.c log.c)
