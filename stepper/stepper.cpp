#include "stepper/stepper.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include "report/chart.hpp"
#include "stepper/texts.hpp"

namespace dcrnn::stepper {
namespace {

/// What runs on the page, in this order.
constexpr const char* kPrograms[] = {"stepper/tensor.js",  "stepper/grammar.js",     "stepper/page.js",
                                     "stepper/names.js",   "stepper/expressions.js", "stepper/run.js",
                                     "stepper/network.js", "stepper/code.js",        "stepper/graph.js"};
constexpr const char* kView = "stepper/view.js";

std::string_view text_of(std::string_view name) {
  const auto found =
      std::find_if(texts().begin(), texts().end(), [&](const Text& text) { return text.name == name; });
  if (found == texts().end()) throw std::runtime_error(std::string(name) + " is not in the program");
  return found->text;
}

/// JSON that ends no element of HTML.
std::string in_script(std::string_view json) {
  std::string result;
  for (char c : json) result += c == '<' ? "\\u003c" : std::string(1, c);
  return result;
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
      result += code;
    } else {
      if (c == '"' || c == '\\') result += '\\';
      result += c;
    }
  }
  return result + '"';
}

/// The sources that a page names, in the order in which it does.
std::vector<std::string_view> sources_of(std::string_view page) {
  std::vector<std::pair<std::size_t, std::string_view>> found;
  for (const Text& text : texts()) {
    if (!text.name.ends_with(".hpp")) continue;
    if (const std::size_t at = page.find(text.name); at != std::string_view::npos)
      found.push_back({at, text.name});
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string_view> names;
  for (const auto& [at, name] : found) names.push_back(name);
  return names;
}

/// {"name": ..., "text": ...} with more members behind them.
std::string named_text(std::string_view name, const std::string& more = "") {
  return "\n{\"name\": " + quoted(name) + ", \"text\": " + in_script(quoted(text_of(name))) + more + "}";
}

std::string list(const std::vector<std::string>& elements) {
  std::string text = "[";
  for (const std::string& element : elements) text += (text.size() > 1 ? "," : "") + element;
  return text + "]";
}

}  // namespace

std::string html(const std::string& title, const std::string& walk, const std::vector<std::string>& pages) {
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n<title>" +
      report::escaped(title) + "</title>\n<style>\n";
  page += text_of("stepper/style.css");
  page +=
      "</style>\n</head>\n<body>\n<h1>" + report::escaped(title) + "</h1>\n<main id=\"stepper\"></main>\n";
  page += "<noscript><p>The numbers of this page are made by its script.</p></noscript>\n";
  page += "<script type=\"application/json\" id=\"walk\">" + in_script(walk) + "</script>\n";
  std::vector<std::string> page_texts, source_texts;
  std::vector<std::string_view> told;
  for (const std::string& name : pages) {
    std::vector<std::string> names;
    for (std::string_view source : sources_of(text_of(name))) {
      names.push_back(quoted(source));
      if (std::find(told.begin(), told.end(), source) != told.end()) continue;
      told.push_back(source);
      source_texts.push_back(named_text(source));
    }
    page_texts.push_back(named_text(name, ", \"sources\": " + list(names)));
  }
  page += "<script type=\"application/json\" id=\"pages\">" + list(page_texts) + "</script>\n";
  page += "<script type=\"application/json\" id=\"sources\">" + list(source_texts) + "</script>\n";
  page += "<script id=\"lines\">\n";
  for (const char* program : kPrograms) page += text_of(program);
  page += "</script>\n<script>\n";
  page += text_of(kView);
  return page + "</script>\n</body>\n</html>\n";
}

}  // namespace dcrnn::stepper
