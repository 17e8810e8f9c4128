# cdn_embed(TARGET FILE SYMBOL): FILE's bytes in TARGET, as `const struct slice SYMBOL`.
#
# What the program serves of itself is built in, so that a running program and its pages are of one
# version, and there is nothing more to install. The file is read again when it changes.
if(CMAKE_SCRIPT_MODE_FILE)
	file(READ ${FILE} bytes HEX)
	string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
	file(WRITE ${OUT} "/* Made from ${FILE}. */
#include \"base/slice.h\"
extern const struct slice ${SYMBOL};
static const char bytes[] = {
${bytes}
};
const struct slice ${SYMBOL} = {bytes, sizeof bytes};
")
	return()
endif()

set(cdn_embed_script ${CMAKE_CURRENT_LIST_FILE})
function(cdn_embed target file symbol)
	get_filename_component(file ${file} ABSOLUTE)
	set(out ${CMAKE_BINARY_DIR}/embedded/${symbol}.c)
	add_custom_command(OUTPUT ${out}
		COMMAND ${CMAKE_COMMAND} -DFILE=${file} -DSYMBOL=${symbol} -DOUT=${out} -P ${cdn_embed_script}
		DEPENDS ${file} ${cdn_embed_script} VERBATIM)
	target_sources(${target} PRIVATE ${out})
endfunction()
