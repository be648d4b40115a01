# Script: writes OUTPUT, a C++ file with the TEXTS whose names are relative to ROOT; of pages those that have a table of
# letters (docs/notation.md).
set(list)
set(arrays)
foreach(path IN LISTS TEXTS)
  file(RELATIVE_PATH name "${ROOT}" "${path}")
  if(name MATCHES "\\.md$")
    file(STRINGS "${path}" letters REGEX "^\\| letter \\| shape \\| is \\|" LIMIT_COUNT 1)
    if(NOT letters)
      continue()
    endif()
  endif()
  # As numbers: no text is too long, and none has to be quoted.
  file(READ "${path}" hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," hex "${hex}")
  string(MAKE_C_IDENTIFIER "text_${name}" identifier)
  string(APPEND arrays "constexpr unsigned char ${identifier}[] = {${hex}0};\n")
  string(APPEND list "    {\"${name}\", {reinterpret_cast<const char*>(${identifier}), sizeof ${identifier} - 1}},\n")
endforeach()
file(WRITE "${OUTPUT}" "// Made by stepper/texts.cmake.\n#include \"stepper/texts.hpp\"\n\nnamespace dcrnn::stepper {\n\n"
                       "namespace {\n${arrays}}  // namespace\n\nconst std::vector<Text>& texts() {\n"
                       "  static const std::vector<Text> all = {\n${list}  };\n  return all;\n}\n\n"
                       "}  // namespace dcrnn::stepper\n")
