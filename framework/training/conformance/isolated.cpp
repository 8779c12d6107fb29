#include "training/conformance/isolated.hpp"

#include <talweg/error.hpp>

#include "support/child_process.hpp"
#include "support/numbers.hpp"

namespace talweg::conformance {
namespace {

/// A digit for the outcome, then the detail.
std::string answer_of(const std::function<Verdict()>& check) {
  Verdict verdict;
  try {
    verdict = check();
  } catch (const Error& error) {
    verdict = failed(error.message());
  } catch (const std::exception& exception) {
    verdict = failed(exception.what());
  }
  return static_cast<char>('0' + static_cast<int>(verdict.outcome)) + verdict.detail;
}

}  // namespace

Verdict run_isolated(const std::function<Verdict()>& check, unsigned longest) {
  const ChildEnd end = run_in_child([&](const StillAlive&) { return answer_of(check); }, longest);
  if (end.kind == ChildEnd::Kind::too_long)
    return failed("it does not end within " + count(longest, "second"));
  if (end.kind != ChildEnd::Kind::answered) return failed("the plugin ended the process " + end.text);
  return {static_cast<Outcome>(end.text[0] - '0'), end.text.substr(1)};
}

}  // namespace talweg::conformance
