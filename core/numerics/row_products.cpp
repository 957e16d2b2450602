#include "core/numerics/row_products.h"

#include "core/numerics/kernels/dispatch.h"

namespace attnlab {

void row_products(MatrixView<const double> a, std::span<const double> x, std::span<double> y) {
  active_kernels().row_products(
      {a.rows, a.cols, a.data, a.stride, 1, {x.data(), nullptr}, {y.data(), nullptr}});
}

void row_products(MatrixView<const double> a, std::span<const double> x0, std::span<double> y0,
                  std::span<const double> x1, std::span<double> y1) {
  active_kernels().row_products(
      {a.rows, a.cols, a.data, a.stride, 2, {x0.data(), x1.data()}, {y0.data(), y1.data()}});
}

void add_column_products(MatrixView<const float> a, MatrixView<const float> x,
                         MatrixView<float> y) {
  active_kernels().column_products_f32(
      {a.rows, a.cols, a.data, a.stride, x.cols, x.data, x.stride, y.data, y.stride});
}

void add_column_products(MatrixView<const double> a, MatrixView<const double> x,
                         MatrixView<double> y) {
  active_kernels().column_products_f64(
      {a.rows, a.cols, a.data, a.stride, x.cols, x.data, x.stride, y.data, y.stride});
}

}  // namespace attnlab
