#include "training/records.hpp"

namespace talweg {

std::string_view to_string(EndReason reason) {
  switch (reason) {
    case EndReason::steps:
      return "steps";
    case EndReason::gradient:
      return "gradient";
    case EndReason::loss:
      return "loss";
    case EndReason::optimizer:
      return "optimizer";
    case EndReason::patience:
      return "patience";
    case EndReason::interrupted:
      return "interrupted";
  }
  return "";
}

}  // namespace talweg
