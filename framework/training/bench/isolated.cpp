#include "training/bench/isolated.hpp"

#include <nlohmann/json.hpp>
#include <talweg/error.hpp>

#include "support/numbers.hpp"

namespace talweg::bench {
namespace {

using Json = nlohmann::json;

/// How an answer begins.
constexpr char kResult = 'r', kError = 'e';

std::string text_of(const Error& error) {
  const Location& at = error.location();
  return kError + Json{static_cast<int>(error.status()), error.message(), error.notes(), error.hint(),
                       Json{at.file, at.line, at.column, at.length, at.source}}
                      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

[[noreturn]] void throw_error(std::string_view text) {
  const Json fields = Json::parse(text);
  Error error(static_cast<Status>(fields[0].get<int>()), fields[1]);
  for (const Json& note : fields[2]) error.note(note);
  error.set_hint(fields[3]);
  const Json& at = fields[4];
  throw error.at({at[0], at[1], at[2], at[3], at[4]});
}

}  // namespace

std::optional<Result> measure_isolated(const Conditions& conditions, const Experiment& experiment,
                                       const std::string& name,
                                       const std::function<Result(const StillAlive&)>& measure,
                                       unsigned longest, const std::function<bool()>& given_up) {
  const ChildEnd end = run_in_child(
      [&](const StillAlive& alive) {
        try {
          return kResult + to_json_lines(conditions, experiment, {measure(alive)});
        } catch (const Error& error) {
          return text_of(error);
        } catch (const std::exception& exception) {
          return text_of(Error(Status::internal, exception.what()));
        }
      },
      longest, given_up);
  switch (end.kind) {
    case ChildEnd::Kind::given_up:
      return std::nullopt;
    case ChildEnd::Kind::too_long:
      throw Error(Status::plugin,
                  "no training by optimizer '" + name + "' ended within " + count(longest, "second"));
    case ChildEnd::Kind::died:
      throw Error(Status::plugin, "optimizer '" + name + "' ended the process " + end.text);
    case ChildEnd::Kind::answered:
      break;
  }
  const std::string text = end.text.substr(1);
  if (end.text[0] == kError) throw_error(text);
  return parse_results(text, "the answer", conditions, experiment).front();
}

}  // namespace talweg::bench
