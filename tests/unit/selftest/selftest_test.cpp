// The self-check passes with the right kernels and notices every wrong one.
#include "core/selftest/selftest.h"

#include <doctest/doctest.h>

#include <string>

#include "core/numerics/kernels/dispatch.h"
#include "core/numerics/linear_algebra.h"

using namespace attnlab;
using kernels::KernelTable;

namespace {

const KernelTable* right = nullptr;  // the wrong kernels call these and spoil the result

/// Every entry of what it computes is off by one part in a thousand.
constexpr double kWrong = 1.001;
template <class T>
void spoil(T* values, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<T>(values[i] * kWrong);
}

template <class T>
void spoil_product(const kernels::Product<T>& p) {
  for (std::size_t i = 0; i < p.rows; ++i) spoil(p.c + i * p.c_stride, p.cols);
}
template <class T>
void spoil_gram(const kernels::GramUpdate<T>& g) {
  for (std::size_t i = g.first_row; i < g.end_row; ++i) {
    spoil(g.gram + (i - g.first_row) * g.gram_stride, i + 1);
  }
}

/// One table for every kernel, with that kernel spoiled.
std::vector<std::pair<std::string, KernelTable>> wrong_tables() {
  std::vector<std::pair<std::string, KernelTable>> tables;
  const auto add = [&](const char* name, auto change) {
    KernelTable table = *right;
    change(table);
    tables.emplace_back(name, table);
  };
  add("product_f32", [](KernelTable& table) {
    table.product_f32 = [](const kernels::Product<float>& p, void* w) {
      right->product_f32(p, w);
      spoil_product(p);
    };
  });
  add("product_f64", [](KernelTable& table) {
    table.product_f64 = [](const kernels::Product<double>& p, void* w) {
      right->product_f64(p, w);
      spoil_product(p);
    };
  });
  add("gram_f32", [](KernelTable& table) {
    table.gram_f32 = [](const kernels::GramUpdate<float>& g, void* w) {
      right->gram_f32(g, w);
      spoil_gram(g);
    };
  });
  add("gram_f64", [](KernelTable& table) {
    table.gram_f64 = [](const kernels::GramUpdate<double>& g, void* w) {
      right->gram_f64(g, w);
      spoil_gram(g);
    };
  });
  add("solve_right", [](KernelTable& table) {
    table.solve_right = [](std::size_t rows, std::size_t size, const double* l, std::size_t stride,
                           double* x, std::size_t x_stride) {
      right->solve_right(rows, size, l, stride, x, x_stride);
      for (std::size_t i = 0; i < rows; ++i) spoil(x + i * x_stride, size);
    };
  });
  add("row_products", [](KernelTable& table) {
    table.row_products = [](const kernels::RowProducts& task) {
      right->row_products(task);
      for (std::size_t c = 0; c < task.count; ++c) spoil(task.y[c], task.rows);
    };
  });
  add("column_products_f32", [](KernelTable& table) {
    table.column_products_f32 = [](const kernels::ColumnProducts<float>& task) {
      right->column_products_f32(task);
      for (std::size_t c = 0; c < task.count; ++c) spoil(task.y + c * task.y_stride, task.cols);
    };
  });
  add("column_products_f64", [](KernelTable& table) {
    table.column_products_f64 = [](const kernels::ColumnProducts<double>& task) {
      right->column_products_f64(task);
      for (std::size_t c = 0; c < task.count; ++c) spoil(task.y + c * task.y_stride, task.cols);
    };
  });
  add("normals_f64", [](KernelTable& table) {
    table.normals_f64 = [](const std::uint32_t* key, const std::uint32_t* counter,
                           std::size_t blocks, double* values) {
      right->normals_f64(key, counter, blocks, values);
      spoil(values, 2 * blocks);
    };
  });
  add("normals_f32", [](KernelTable& table) {
    table.normals_f32 = [](const std::uint32_t* key, const std::uint32_t* counter,
                           std::size_t blocks, float* values) {
      right->normals_f32(key, counter, blocks, values);
      spoil(values, 4 * blocks);
    };
  });
  add("exp_values", [](KernelTable& table) {
    table.exp_values = [](std::size_t count, double* values) {
      right->exp_values(count, values);
      for (std::size_t i = 0; i < count; i += 2) spoil(values + i, 1);  // softmax forgives a factor
    };
  });
  add("log_values", [](KernelTable& table) {
    table.log_values = [](std::size_t count, double* values) {
      right->log_values(count, values);
      spoil(values, count);
    };
  });
  add("attend_heads", [](KernelTable& table) {
    table.attend_heads = [](const kernels::HeadsTask& task, void* w) {
      right->attend_heads(task, w);
      for (std::size_t a = 0; a < task.width; ++a) {
        spoil(task.features + a * task.feature_stride, task.heads);
      }
    };
  });
  add("pool_neurons", [](KernelTable& table) {
    table.pool_neurons = [](const kernels::NeuronsTask& task, void* w) {
      right->pool_neurons(task, w);
      spoil(task.features, task.neurons);
    };
  });
  add("attend_sequences", [](KernelTable& table) {
    table.attend_sequences = [](const kernels::AttentionTask& task, void* w) {
      right->attend_sequences(task, w);
      for (std::size_t i = 0; i < task.sequences * task.queries; ++i) {
        spoil(task.out + i * task.out_stride, task.value_width);
      }
    };
  });
  add("attend_prompt", [](KernelTable& table) {
    table.attend_prompt = [](const kernels::PromptTask& task, void* w) {
      right->attend_prompt(task, w);
      spoil(task.means, task.scale_count * task.dim);
    };
  });
  add("batch_f32", [](KernelTable& table) {
    table.batch_f32 = [](const kernels::BatchTask<float>& task, void* w) {
      right->batch_f32(task, w);
      spoil(task.loss, 1);
    };
  });
  add("batch_f64", [](KernelTable& table) {
    table.batch_f64 = [](const kernels::BatchTask<double>& task, void* w) {
      right->batch_f64(task, w);
      spoil(task.loss, 1);
    };
  });
  add("arc_cosine_values", [](KernelTable& table) {
    table.arc_cosine_values = [](std::size_t count, double* values) {
      right->arc_cosine_values(count, values);
      spoil(values, count);
    };
  });
  add("arc_cosine_sums", [](KernelTable& table) {
    table.arc_cosine_sums = [](const kernels::KeySums& task) {
      right->arc_cosine_sums(task);
      spoil(task.sums, task.columns);
    };
  });
  add("relu_terms", [](KernelTable& table) {
    table.relu_terms = [](std::size_t count, double* terms, std::size_t stride) {
      right->relu_terms(count, terms, stride);
      for (std::size_t k = 1; k <= kernels::kReluTerms; ++k) spoil(terms + k * stride, count);
    };
  });
  add("biased_relu_sums", [](KernelTable& table) {
    table.biased_relu_sums = [](const kernels::BiasedKeySums& task) {
      right->biased_relu_sums(task);
      spoil(task.keys.sums, task.keys.columns);
    };
  });
  return tables;
}

std::size_t failures() {
  std::size_t count = 0;
  for (const SelfCheck& check : self_check()) count += !check.passed();
  return count;
}

}  // namespace

TEST_CASE("every statement of the self-check holds here, for every instruction set") {
  const std::string before = simd_target_name();
  for (const SimdTarget& target : available_targets()) {
    force_target(target);
    for (const SelfCheck& check : self_check()) {
      INFO(target.name, ": ", check.statement, ": ", check.error, " > ", check.allowed);
      CHECK(check.passed());
    }
  }
  force_target({before.c_str()});
}

TEST_CASE("the self-check notices each kernel that is wrong by a thousandth") {
  const std::string before = simd_target_name();
  right = &active_kernels();
  for (const auto& [name, table] : wrong_tables()) {
    force_kernels(table);
    INFO(name);
    CHECK(failures() > 0);
    force_target({before.c_str()});
  }
  // A kernel that joins the table needs a check, and a line above. Name and workspace are not
  // kernels, and the two that only keep the units busy have no result.
  CHECK(sizeof(KernelTable) == (4 + wrong_tables().size()) * sizeof(void*));
  const std::string text = self_check_text({{"A", "one", 0.5, 0.25}, {"B", "two", 0, 0}});
  CHECK(text.find("1 of 2 statements does NOT hold") != std::string::npos);
}
