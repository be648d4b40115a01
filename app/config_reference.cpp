// dcrnn config-reference: the page docs/config.md, made from the library's own table of keys.
#include <CLI/CLI.hpp>

#include "app/commands.hpp"
#include "app/terminal.hpp"
#include "dcrnn/dcrnn.hpp"

namespace dcrnn::app {

void add_config_reference(CLI::App& program, Command& chosen) {
  CLI::App& command = *program.add_subcommand("config-reference", "print all config keys as Markdown");
  command.group("");  // hidden
  command.callback([&chosen] {
    chosen = [] {
      print_out(config_reference());
      return 0;
    };
  });
}

}  // namespace dcrnn::app
