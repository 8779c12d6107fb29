#pragma once

#include <string>
#include <string_view>
#include <talweg/error.hpp>

namespace talweg {

/// Nobody reads standard output any more (talweg ... | head): the program ends quietly.
struct OutputClosed {};

/// Writes to standard output at once. Throws Error{files} where it cannot be written, as on a full disk, and
/// OutputClosed.
void write_output(std::string_view text);

/// Prints an error to standard error as section 6 of the design wants it, with colours on a terminal.
void print_error(const Error& error);

/// Prints a line to standard error that is worth knowing and no error: "note: ...", "warning: ...".
void print_note(const std::string& text);

/// May a stream (1 or 2) have colours and be overwritten? It is a terminal that understands them, and
/// NO_COLOR is not set.
[[nodiscard]] bool has_colors(int stream);
/// Can lines of a stream be overwritten? It is a terminal that understands that.
[[nodiscard]] bool is_interactive(int stream);

/// Keeps the numbers 0, 1 and 2 for the standard streams where the caller closed one, so that no file that is
/// opened later is written to by mistake.
void reserve_standard_streams();

}  // namespace talweg
