// Every test finds the ops registered, alone in its process or among others.

#include <gtest/gtest.h>

#include "ops/registry.hpp"

namespace talweg {
namespace {

class RegisteredOps final : public testing::Environment {
 public:
  void SetUp() override { register_ops(); }
};

// GoogleTest owns it.
const testing::Environment* const kRegisteredOps = testing::AddGlobalTestEnvironment(new RegisteredOps);

}  // namespace
}  // namespace talweg
