// Einstein's summation: products of tensors, named axis by axis, summed over the names that the result lacks.

#include <algorithm>
#include <cctype>
#include <map>
#include <talweg/error.hpp>

#include "ops/elementwise.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

constexpr const char* kOperands[] = {"a", "b", "c", "d"};

/// A tensor and a label for each axis: a letter, or a number from 1 on for an axis that `...` stands for.
struct Term {
  Value value;
  std::string labels;
};

[[noreturn]] void refuse(const std::string& message) { throw Error(Status::model, "einsum: " + message); }

bool has(const std::string& labels, char label) { return labels.find(label) != std::string::npos; }

std::string in_both(const std::string& a, const std::string& b) {
  std::string result;
  for (char label : a)
    if (has(b, label)) result += label;
  return result;
}

std::string without(const std::string& a, const std::string& b) {
  std::string result;
  for (char label : a)
    if (!has(b, label)) result += label;
  return result;
}

/// Axes in the order of `labels`, all of which the term has.
Value ordered(const Term& term, const std::string& labels) {
  Integers axes;
  for (char label : labels) axes.push_back(static_cast<std::int64_t>(term.labels.find(label)));
  return transpose(term.value, axes);
}

Term summed(const Term& term, const std::string& kept) {
  Integers axes;
  for (std::size_t axis = 0; axis < term.labels.size(); ++axis)
    if (!has(kept, term.labels[axis])) axes.push_back(static_cast<std::int64_t>(axis));
  if (axes.empty()) return term;
  return {sum(term.value, axes), in_both(term.labels, kept)};
}

/// What "ij,j->i" says.
struct Subscripts {
  std::vector<std::string> terms;  ///< with '.' where `...` stands
  std::string result;
  bool has_result = false;
};

Subscripts parse(const std::string& text) {
  Subscripts subscripts;
  std::string* current = &subscripts.terms.emplace_back();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ' ') continue;
    if (c == ',' && !subscripts.has_result) {
      current = &subscripts.terms.emplace_back();
    } else if (text.compare(i, 2, "->") == 0 && !subscripts.has_result) {
      subscripts.has_result = true;
      current = &subscripts.result;
      ++i;
    } else if (text.compare(i, 3, "...") == 0 && !has(*current, '.')) {
      *current += '.';
      i += 2;
    } else if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      *current += c;
    } else {
      refuse("'" + text + "' is not of the kind 'ij,jk->ik'");
    }
  }
  return subscripts;
}

/// Sums over all labels of both terms that are not kept: a product of matrices, whose stack are the labels of
/// both that are kept.
Term contract(Term a, Term b, const std::string& kept) {
  a = summed(a, kept + b.labels);
  b = summed(b, kept + a.labels);
  const std::string both = in_both(a.labels, b.labels);
  const std::string stack = in_both(both, kept), inner = without(both, kept);
  const std::string rows = without(a.labels, both), columns = without(b.labels, both);
  const auto sizes = [](const Term& term, const std::string& labels) {
    Integers result;
    for (char label : labels) result.push_back(term.value.shape()[static_cast<int>(term.labels.find(label))]);
    return result;
  };
  const auto elements = [&](const Term& term, const std::string& labels) {
    return Shape(sizes(term, labels)).elements();
  };
  const Integers stack_sizes = sizes(a, stack);
  const auto matrix = [&](const Term& term, const std::string& order, std::int64_t m, std::int64_t n) {
    Shape shape(stack_sizes);
    shape.append(m);
    shape.append(n);
    return reshape(ordered(term, order), shape);
  };
  const std::int64_t m = elements(a, rows), n = elements(b, columns), k = elements(a, inner);
  const Value left = matrix(a, stack + rows + inner, m, k), right = matrix(b, stack + inner + columns, k, n);
  Integers result = stack_sizes;
  for (std::int64_t size : sizes(a, rows)) result.push_back(size);
  for (std::int64_t size : sizes(b, columns)) result.push_back(size);
  const Value product = inner.empty() ? left * right : matmul(left, right);
  return {reshape(product, Shape::checked(result)), stack + rows + columns};
}

class Einsum {
 public:
  Einsum(const std::string& text, std::vector<Value> operands) : subscripts_(parse(text)) {
    if (subscripts_.terms.size() != operands.size())
      refuse("'" + text + "' names " + std::to_string(subscripts_.terms.size()) + " tensors, and there are " +
             std::to_string(operands.size()));
    for (std::size_t i = 0; i < operands.size(); ++i) count_axes(subscripts_.terms[i], operands[i]);
    for (std::size_t i = 0; i < operands.size(); ++i)
      terms_.push_back({operands[i], labels_of(subscripts_.terms[i], operands[i].rank())});
    find_sizes();
    for (Term& term : terms_) {
      drop_repeated(term);
      take_diagonals(term);
    }
    find_result();
  }

  Value run() {
    Term total = terms_.front();
    for (std::size_t i = 1; i < terms_.size(); ++i) {
      std::string kept = result_;
      for (std::size_t later = i + 1; later < terms_.size(); ++later) kept += terms_[later].labels;
      total = contract(total, terms_[i], kept);
    }
    total = summed(total, result_);
    const Value value = ordered(total, in_both(result_, total.labels));
    Shape aligned, whole;
    for (char label : result_) {
      whole.append(sizes_.at(label));
      aligned.append(has(total.labels, label) ? sizes_.at(label) : 1);
    }
    return broadcast_to(reshape(value, aligned), whole);
  }

 private:
  /// How many axes `...` stands for.
  void count_axes(const std::string& written, const Value& operand) {
    const bool open = has(written, '.');
    const int named = static_cast<int>(written.size()) - (open ? 1 : 0);
    if (open ? operand.rank() < named : operand.rank() != named)
      refuse("'" + shown(written) + "' names " + std::to_string(named) + " axes of a tensor of shape " +
             to_string(operand.shape()));
    if (open) unnamed_ = std::max(unnamed_, operand.rank() - named);
  }

  static std::string shown(std::string written) {
    const std::size_t at = written.find('.');
    return at == std::string::npos ? written : written.replace(at, 1, "...");
  }

  /// The last of the axes of `...` have the same labels in all terms.
  [[nodiscard]] std::string labels_of(const std::string& written, int rank) const {
    std::string labels;
    for (char c : written) {
      if (c != '.') {
        labels += c;
        continue;
      }
      const int number = rank - (static_cast<int>(written.size()) - 1);
      for (int i = unnamed_ - number; i < unnamed_; ++i) labels += static_cast<char>(i + 1);
    }
    return labels;
  }

  void find_sizes() {
    for (const Term& term : terms_)
      for (std::size_t axis = 0; axis < term.labels.size(); ++axis) {
        const std::int64_t size = term.value.shape()[static_cast<int>(axis)];
        std::int64_t& known = sizes_.emplace(term.labels[axis], size).first->second;
        if (known == 1) known = size;
        if (size != known && size != 1)
          refuse("an axis has size " + std::to_string(known) + " in one place and " + std::to_string(size) +
                 " in another");
      }
  }

  /// An axis of size 1 that stands for a longer one is constant along it.
  void drop_repeated(Term& term) {
    Shape shape;
    std::string labels;
    for (std::size_t axis = 0; axis < term.labels.size(); ++axis) {
      const std::int64_t size = term.value.shape()[static_cast<int>(axis)];
      if (size == 1 && sizes_.at(term.labels[axis]) != 1) continue;
      shape.append(size);
      labels += term.labels[axis];
    }
    term = {reshape(term.value, shape), labels};
  }

  /// Of two axes with one label only the elements at equal places count.
  static void take_diagonals(Term& term) {
    for (std::size_t first = 0; first < term.labels.size(); ++first) {
      const std::size_t second = term.labels.find(term.labels[first], first + 1);
      if (second == std::string::npos) continue;
      Integers order, starts, steps, sizes;
      std::string labels;
      for (std::size_t axis = 0; axis < term.labels.size(); ++axis) {
        if (axis == first || axis == second) continue;
        order.push_back(static_cast<std::int64_t>(axis));
        sizes.push_back(term.value.shape()[static_cast<int>(axis)]);
        labels += term.labels[axis];
      }
      const std::int64_t n = term.value.shape()[static_cast<int>(first)];
      Integers flat = sizes;
      flat.push_back(n * n);
      order.push_back(static_cast<std::int64_t>(first));
      order.push_back(static_cast<std::int64_t>(second));
      starts.assign(flat.size(), 0);
      steps.assign(flat.size(), 1);
      steps.back() = n + 1;
      sizes.push_back(n);
      labels += term.labels[first];
      term = {slice(reshape(transpose(term.value, order), Shape(flat)), starts, steps, sizes), labels};
      first = static_cast<std::size_t>(-1);  // from the beginning
    }
  }

  /// Without "->" the result has the axes of `...`, then all labels that stand there once, sorted.
  void find_result() {
    if (subscripts_.has_result) {
      const std::size_t open = has(subscripts_.result, '.') ? 1 : 0;
      const int rank = static_cast<int>(subscripts_.result.size() - open) + (open == 1 ? unnamed_ : 0);
      result_ = labels_of(subscripts_.result, rank);
    } else {
      std::string all;
      for (const std::string& written : subscripts_.terms) all += written;
      for (const auto& [label, size] : sizes_)
        if (label <= unnamed_ || std::ranges::count(all, label) == 1) result_ += label;
    }
    for (char label : result_) {
      if (!sizes_.contains(label))
        refuse(std::string("'").append(1, label).append("' stands in the result and in no tensor"));
      if (std::ranges::count(result_, label) != 1)
        refuse(std::string("'").append(1, label).append("' stands in the result twice"));
    }
  }

  Subscripts subscripts_;
  int unnamed_ = 0;
  std::vector<Term> terms_;
  std::map<char, std::int64_t> sizes_;
  std::string result_;
};

Result einsum(const Arguments& arguments) {
  std::vector<Value> operands;
  for (const char* name : kOperands)
    if (arguments.has(name)) operands.push_back(arguments.tensor(name));
  return Einsum(arguments.text("subscripts"), std::move(operands)).run();
}

}  // namespace

void register_einsum() {
  std::vector<FunctionParameter> parameters = {{"subscripts", ArgumentKind::text}};
  for (const char* name : kOperands)
    parameters.push_back({name, ArgumentKind::tensor, name == kOperands[0], "None"});
  FunctionRegistry::instance().add(
      {"einsum", "products of up to four tensors whose axes letters name: 'ij,jk->ik'", parameters, einsum});
}

}  // namespace talweg
