// Programs on several threads: the same values as on one, at sizes where threads are used.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <numeric>
#include <thread>
#include <vector>

#include "graph/value.hpp"
#include "ops/registry.hpp"
#include "program/executor.hpp"
#include "program/profile.hpp"
#include "program/thread_pool.hpp"

namespace talweg {
namespace {

TEST(ThreadPool, DoesEveryPieceOnceAndReturnsWhenAllAreDone) {
  for (int threads : {1, 2, 3, 7}) {
    ThreadPool pool(threads);
    for (int task = 0; task < 300; ++task) {
      std::vector<int> done(static_cast<std::size_t>(threads));
      pool.run([&](int piece) { ++done[static_cast<std::size_t>(piece)]; });
      ASSERT_EQ(done, std::vector<int>(static_cast<std::size_t>(threads), 1)) << threads << " threads";
    }
  }
}

/// Is it so, at last?
template <class Condition>
bool becomes_true(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  return condition();
}

/// As many parts in each.
std::vector<ThreadPool::Share> shares_of(const std::vector<int>& parts) {
  std::vector<ThreadPool::Share> shares(parts.size());
  int begin = 0;
  for (std::size_t piece = 0; piece < parts.size(); ++piece) {
    shares[piece].begin = begin;
    shares[piece].end = begin += parts[piece];
  }
  return shares;
}

TEST(ThreadPool, DoesEveryPartOfItsSharesOnce) {
  for (const std::vector<int>& each : {std::vector{5}, {0, 4}, {3, 0, 1}, {0, 5, 3, 1, 6, 4, 2}}) {
    const auto threads = static_cast<int>(each.size()), parts = std::reduce(each.begin(), each.end());
    ThreadPool pool(threads);
    std::vector<ThreadPool::Share> shares = shares_of(each);
    for (int task = 0; task < 300; ++task) {
      std::vector<int> done(static_cast<std::size_t>(parts));
      pool.share(shares, [&](int part, int /*piece*/) { ++done[static_cast<std::size_t>(part)]; });
      ASSERT_EQ(done, std::vector<int>(static_cast<std::size_t>(parts), 1)) << threads << " threads";
    }
  }
}

TEST(ThreadPool, TakesPartsOfOnesOwnShareFirst) {
  ThreadPool pool(2);
  std::vector<ThreadPool::Share> shares = shares_of({3, 3});
  std::atomic<int> begun = 0;
  std::array<int, 2> first = {-1, -1};
  pool.share(shares, [&](int part, int piece) {
    int& mine = first[static_cast<std::size_t>(piece)];
    if (mine != -1) return;
    mine = part;
    ++begun;
    EXPECT_TRUE(becomes_true([&] { return begun == 2; }));
  });
  EXPECT_EQ(first, (std::array<int, 2>{0, 3}));
}

TEST(ThreadPool, DoesWhatIsLeftOfTheShareOfAThreadThatIsHeldUp) {
  ThreadPool pool(2);
  std::vector<ThreadPool::Share> shares = shares_of({2, 5});
  std::atomic<int> done = 0;
  pool.share(shares, [&](int part, int /*piece*/) {
    EXPECT_TRUE(part != shares[1].begin || becomes_true([&] { return done == 6; }));
    ++done;
  });
  EXPECT_EQ(done, 7);
}

TEST(ThreadPool, IsSharedByProgramsThatRunAtTheSameTime) {
  const auto pool = shared_thread_pool(2);
  EXPECT_EQ(pool, shared_thread_pool(2));
  std::atomic<int> pieces = 0;
  const auto work = [&] {
    for (int task = 0; task < 1000; ++task) pool->run([&](int /*piece*/) { ++pieces; });
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_EQ(pieces, 2 * 2 * 1000);
}

TEST(ThreadPool, DividesWorkWithoutGapsAtMultiplesOfTheGrain) {
  for (std::int64_t n : {0, 1, 15, 16, 17, 100, 1000})
    for (int pieces : {1, 2, 3, 5}) {
      std::int64_t begin = 0;
      for (int piece = 0; piece < pieces; ++piece) {
        const Range range = piece_of(n, piece, pieces, 16);
        ASSERT_EQ(range.begin, begin);
        ASSERT_TRUE(range.begin % 16 == 0 || range.begin == n);
        begin = range.end;
      }
      ASSERT_EQ(begin, n);
    }
}

/// A network's forward pass and some of what its gradients consist of, large enough for threads.
template <class T>
class LargeGraph {
 public:
  LargeGraph() : graph(sizeof(T) == sizeof(float) ? DType::float32 : DType::float64) {
    const auto leaf = [&](const char* name, const Shape& shape) {
      std::vector<T>& values = memory_.emplace_back(static_cast<std::size_t>(shape.elements()));
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] =
            static_cast<T>(std::sin(static_cast<double>(i) * 0.37 + static_cast<double>(memory_.size())));
      const Value value = graph.add_leaf("state", name, shape, graph.floating());
      bindings.push_back({value.id(), values.data()});
      return value;
    };
    const Value x = leaf("x", {150, 210}), w = leaf("w", {210, 384}), row = leaf("row", {384}),
                column = leaf("column", {150, 1}), stack = leaf("stack", {6, 40, 150});
    const Value hidden = emit("sigmoid", {emit("matmul", {x, w}) + row}) * column;
    fetches = {hidden.id(),
               emit("matmul", {transpose(x, {1, 0}), hidden}).id(),
               emit("matmul", {hidden, transpose(w, {1, 0})}).id(),
               emit("matmul", {stack, hidden}).id(),
               emit("sum", {hidden}, {{"axes", Integers{0}}, {"keepdims", false}}).id(),
               emit("sum", {hidden}, {{"axes", Integers{1}}, {"keepdims", false}}).id(),
               emit("max", {hidden}, {{"axes", Integers{0}}, {"keepdims", false}}).id()};
  }
  LargeGraph(const LargeGraph&) = delete;
  LargeGraph& operator=(const LargeGraph&) = delete;

  [[nodiscard]] std::vector<std::vector<double>> values(Executor& executor) const {
    executor.run();
    std::vector<std::vector<double>> result;
    for (NodeId id : fetches) {
      const T* data = static_cast<const T*>(executor.value(id));
      result.emplace_back(data, data + graph[id].shape.elements());
    }
    return result;
  }

  Graph graph;
  std::vector<Binding> bindings;
  std::vector<NodeId> fetches;

 private:
  std::vector<std::vector<T>> memory_;
};

template <class T>
class Threads : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(Threads, Types);

TYPED_TEST(Threads, ComputeWhatTheReferenceComputes) {
  register_ops();
  const LargeGraph<TypeParam> large;
  const Task task{large.bindings, {}, large.fetches};
  const auto expected = large.values(*make_reference_executor(large.graph, task));
  const double tolerance = sizeof(TypeParam) == sizeof(float) ? 1e-4 : 1e-11;
  for (int threads : {1, 2, 3, 5}) {
    const auto program = compile_program(large.graph, task, {.threads = threads});
    const auto found = large.values(*program);
    for (std::size_t i = 0; i < expected.size(); ++i)
      for (std::size_t j = 0; j < expected[i].size(); ++j)
        ASSERT_NEAR(found[i][j], expected[i][j], tolerance)
            << threads << " threads, value " << i << ", " << j;
    EXPECT_EQ(found, large.values(*program)) << "other bits in a second run";
    EXPECT_EQ(found, large.values(*compile_program(large.graph, task, {.threads = threads})));
  }
}

TEST(Profile, CountsEveryInstructionOfEveryRun) {
  register_ops();
  const LargeGraph<double> large;
  Profile profile;
  const auto program =
      compile_program(large.graph, {large.bindings, {}, large.fetches}, {.profile = &profile});
  program->run();
  program->run();
  ASSERT_FALSE(profile.entries.empty());
  EXPECT_EQ(profile.events.size(), 2 * profile.entries.size());
  double operations = 0;
  for (const Profile::Entry& entry : profile.entries) {
    EXPECT_EQ(entry.runs, 2) << entry.text;
    operations += entry.operations;
  }
  const double products = 2.0 * 150 * 210 * 384 * 3 + 2.0 * 6 * 40 * 150 * 384, others = 150 * 384 * 6;
  EXPECT_EQ(operations, 2 * (products + others));
  const std::string table = to_table(profile);
  EXPECT_NE(table.find("GFLOP/s"), std::string::npos) << table;
  EXPECT_NE(table.find("large product (150, 210) @ (210, 384)"), std::string::npos) << table;
  EXPECT_NE(to_chrome_trace(profile).find("\"ph\":\"X\""), std::string::npos);
}

}  // namespace
}  // namespace talweg
