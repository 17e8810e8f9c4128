# The two programs. They stand at the top of the build folder.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/rooms/cgi)
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/cgi ${CMAKE_BINARY_DIR}/rooms/cgi/cgi SYMBOLIC)

add_executable(cdn.fcgi cgi/main.c cgi/fcgi.c cgi/preface.c)
target_include_directories(cdn.fcgi PRIVATE ${CMAKE_BINARY_DIR}/rooms/cgi)
target_link_libraries(cdn.fcgi PRIVATE cdn_base cdn_config cdn_crypto cdn_http cdn_app PkgConfig::FCGI)

add_executable(cdnctl cgi/cdnctl.c cgi/cdnctl_account.c cgi/cdnctl_file.c cgi/cdnctl_file_one.c
	cgi/cdnctl_key.c cgi/cdnctl_rescue.c cgi/cdnctl_share.c cgi/claim_line.c cgi/command.c
	cgi/cdnctl_config.c cgi/config_values.c cgi/config_warn.c cgi/template.c
	cgi/doctor.c cgi/doctor_file.c cgi/doctor_upload.c cgi/doctor_visit.c)
target_include_directories(cdnctl PRIVATE ${CMAKE_BINARY_DIR}/rooms/cgi)
target_link_libraries(cdnctl PRIVATE cdn_base cdn_config cdn_crypto cdn_http cdn_sniff cdn_store
	cdn_fetch)

# What cdnctl config prints: a name, and a file of deploy/. A name that comes several times stands for a set.
set(configurations
	nginx             nginx.conf
	nginx-main        nginx-main.conf
	apache            apache.conf
	caddy             Caddyfile
	htaccess          htaccess/.htaccess
	htaccess          htaccess/cdn.fcgi
	lighttpd          lighttpd.conf
	lighttpd-lua      lighttpd.lua
	supervisord       supervisord.conf
	supervisord-main  supervisord-main.conf
	supervisord-fcgi  supervisord-fcgi.conf
	systemd           systemd/cdn.target
	systemd           systemd/cdn-worker.socket
	systemd           systemd/cdn-worker@.service
	systemd           systemd/cdn-slow.socket
	systemd           systemd/cdn-slow@.service
	spawn-fcgi        spawn-fcgi
	redis             redis.conf
)
set(declarations)
set(rows)
while(configurations)
	list(POP_FRONT configurations name file)
	string(MAKE_C_IDENTIFIER deploy_${file} symbol)
	cdn_embed(cdnctl deploy/${file} ${symbol})
	string(APPEND declarations "extern const struct slice ${symbol};\n")
	string(APPEND rows "\t{\"${name}\", \"${file}\", &${symbol}},\n")
endwhile()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/embedded/config_files.c @ONLY CONTENT [[
/* Made from the list in cgi/programs.cmake. */
#include "cgi/config_files.h"
@declarations@const struct config_file config_files[] = {
@rows@};
const size_t config_files_count = sizeof config_files / sizeof *config_files;
]])
target_sources(cdnctl PRIVATE ${CMAKE_BINARY_DIR}/embedded/config_files.c)
