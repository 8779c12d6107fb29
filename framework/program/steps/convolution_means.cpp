#include "program/steps/convolution_means.hpp"

#include <cstdlib>

namespace talweg {

std::string_view asked_for_convolution() {
  const char* const asked = std::getenv("TALWEG_CONVOLUTION");
  return asked == nullptr ? std::string_view() : std::string_view(asked);
}

}  // namespace talweg
