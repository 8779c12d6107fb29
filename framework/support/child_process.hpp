#pragma once

#include <functional>
#include <string>

namespace talweg {

/// What came of work that a process of its own did.
struct ChildEnd {
  enum class Kind {
    answered,  ///< `text` is what the work returned
    too_long,  ///< it was ended, as nothing was heard of it for too long
    given_up,  ///< it was ended, as the answer is wanted no more
    died       ///< the work ended the process; `text` says how: "by signal 6 (SIGABRT)", "with status 3"
  };
  Kind kind = Kind::answered;
  std::string text;
};

/// Starts the time anew after which the process is ended.
using StillAlive = std::function<void()>;

/// Runs `work` in a copy of this process, which can crash, or loop for ever, without harm to this one; it is
/// ended where `longest` seconds pass without a call of what it is given, and soon after `given_up` is true.
/// What it changes in memory is lost. REQUIRES: `work` throws nothing; only this thread is running. Throws
/// Error{files}: no process can be started.
[[nodiscard]] ChildEnd run_in_child(const std::function<std::string(const StillAlive&)>& work,
                                    unsigned longest, const std::function<bool()>& given_up = {});

}  // namespace talweg
