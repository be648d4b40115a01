#include "app/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "app/failure.hpp"
#include "app/text.hpp"
#include "dcrnn/files.hpp"

namespace dcrnn::app {
namespace {

/// Of the library's own messages; those of the command line may repeat an argument of any length.
constexpr std::size_t kLongestMessage = 2000;

/// False with errno set if not everything could be written.
bool write_all(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool uses_colours() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool refused = no_colour != nullptr && *no_colour != '\0';
  return !refused && is_terminal(STDERR_FILENO) && terminal != nullptr &&
         std::string_view(terminal) != "dumb";
}

}  // namespace

void print_out(std::string_view text) {
  if (write_all(STDOUT_FILENO, text)) return;
  if (errno == EPIPE) throw ClosedPipe{};
  throw Failure(ErrorCode::io, "cannot write standard output: " + reason(errno),
                "free some space or send the output somewhere else");
}

void print_note(std::string_view text) noexcept {
  (void)write_all(STDERR_FILENO, text);
}

int print_error(const Error& error) noexcept {
  try {
    print_note(styled("error:", "1;31") + " " + one_line(error.message, kLongestMessage) + "\n" +
               (error.help.empty()
                    ? ""
                    : styled("help:", "1") + " " + one_line(error.help, kLongestMessage) + "\n"));
  } catch (const std::exception&) {
    print_note("error: not enough memory to say what went wrong\n");
  }
  return static_cast<int>(error.code);
}

bool is_terminal(int descriptor) noexcept {
  return ::isatty(descriptor) == 1;
}

std::string styled(std::string_view text, std::string_view style) {
  if (!uses_colours()) return std::string(text);
  return "\x1b[" + std::string(style) + "m" + std::string(text) + "\x1b[0m";
}

std::size_t terminal_columns() noexcept {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace dcrnn::app
