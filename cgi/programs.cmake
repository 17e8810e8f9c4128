# The two programs. They stand at the top of the build folder.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/rooms/cgi)
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/cgi ${CMAKE_BINARY_DIR}/rooms/cgi/cgi SYMBOLIC)

add_executable(cdn.fcgi cgi/main.c cgi/fcgi.c cgi/preface.c)
target_include_directories(cdn.fcgi PRIVATE ${CMAKE_BINARY_DIR}/rooms/cgi)
target_link_libraries(cdn.fcgi PRIVATE cdn_base cdn_config cdn_crypto cdn_http cdn_app PkgConfig::FCGI)

add_executable(cdnctl cgi/cdnctl.c cgi/cdnctl_account.c cgi/cdnctl_file.c cgi/cdnctl_file_one.c
	cgi/cdnctl_key.c cgi/cdnctl_rescue.c cgi/cdnctl_share.c cgi/claim_line.c cgi/command.c
	cgi/doctor.c cgi/doctor_file.c cgi/doctor_upload.c cgi/doctor_visit.c)
target_include_directories(cdnctl PRIVATE ${CMAKE_BINARY_DIR}/rooms/cgi)
target_link_libraries(cdnctl PRIVATE cdn_base cdn_config cdn_crypto cdn_http cdn_sniff cdn_store
	cdn_fetch)
