#pragma once

#include <string>

namespace talweg {

/// The build of this code: the linker's id of the program or library that holds it, in hexadecimal digits;
/// "" where the linker gave none. Two builds of one source have the same where compiler and options are.
[[nodiscard]] std::string build_id();

/// What the system calls the processor, "" where it does not say.
[[nodiscard]] std::string processor_name();

}  // namespace talweg
