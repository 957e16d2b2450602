// The figures of icl-attention: fields over the plane, with handles to drag.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/findings/palette.h"
#include "core/in_context/attention_picture.h"

namespace attnlab::in_context {
namespace {

std::string number_text(std::size_t number) {
  return exact_text(static_cast<std::int64_t>(number));
}

std::string point_text(PlanePoint point) {
  return "(" + short_text(point.x) + ", " + short_text(point.y) + ")";
}

Handle example_handle(const Picture& picture, std::size_t i) {
  const PlanePoint at = picture.prompt.examples[i];
  Handle handle;
  handle.parameter = "examples";
  handle.x_item = 2 * i;
  handle.y_item = 2 * i + 1;
  handle.x = at.x;
  handle.y = at.y;
  handle.value = picture.prompt.labels[i];
  handle.help = "example " + number_text(i + 1) + " at " + point_text(at) +
                ": y = " + short_text(picture.prompt.labels[i]);
  std::string weights;
  for (const IsotropicHead& head : picture.prompt.heads) {
    const double weight = attention_weights(picture.prompt, head.scale, picture.prompt.query)[i];
    weights += (weights.empty() ? "" : ", ") + short_text(weight);
  }
  handle.help += "; weight at the query " + weights;
  return handle;
}

Handle vector_handle(const char* parameter, PlanePoint at, std::string label, int colour) {
  Handle handle;
  handle.parameter = parameter;
  handle.x = at.x;
  handle.y = at.y;
  handle.label = std::move(label);
  handle.colour = colour;
  return handle;
}

std::vector<Handle> handles_of(const Picture& picture) {
  std::vector<Handle> handles;
  for (std::size_t i = 0; i < picture.prompt.examples.size(); ++i)
    handles.push_back(example_handle(picture, i));
  const OnePrompt& prompt = picture.prompt;
  Handle theta = vector_handle("theta", prompt.theta, "θ", kColourReference);
  theta.arrow = true;
  theta.help = "θ = " + point_text(prompt.theta) + ": labels are θᵀx";
  handles.push_back(theta);
  Handle query = vector_handle("query", prompt.query, "query", kColourSoftmax);
  query.help = "query " + point_text(prompt.query) + ": truth " +
               short_text(truth(prompt, prompt.query)) + ", predicted " +
               short_text(softmax_prediction(prompt, prompt.query));
  handles.push_back(query);
  return handles;
}

FieldPanel field_panel(const Picture& picture, FieldQuantity quantity, int head, std::string id,
                       std::string title) {
  FieldPanel field;
  field.id = std::move(id);
  field.title = std::move(title);
  field.shader = "icl_attention";
  field.data = field_numbers(picture.prompt, quantity, head, picture.focus);
  field.value = in_context_field;
  if (head != kAllHeads) {
    field.handle_shares = attention_weights(
        picture.prompt, picture.prompt.heads[static_cast<std::size_t>(head)].scale,
        picture.prompt.query);
  }
  return field;
}

Figure plane_figure(const Picture& picture, std::string id, std::string title) {
  Figure figure;
  figure.id = std::move(id);
  figure.title = std::move(title);
  figure.x = {"x₁", false, -kReach, kReach, {-2, 0, 2}};
  figure.y = {"x₂", false, -kReach, kReach, {-2, 0, 2}};
  figure.handles = handles_of(picture);
  return figure;
}

/// A round number not below the value: colours that hold still while a handle
/// moves.
double round_up(double value) {
  const double unit = std::pow(10.0, std::floor(std::log10(value)));
  for (const double factor : {1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0})
    if (factor * unit >= value * (1 - 1e-9)) return factor * unit;
  return 10 * unit;
}

void colour_signed(Figure& figure, double arm, const char* label) {
  for (FieldPanel& field : figure.draw_fields().panels) {
    field.scale = ColourScale::kDiverging;
    field.min = -arm;
    field.max = arm;
    field.contours = {-arm / 2, 0, arm / 2};
    field.value_label = label;
  }
}

std::string head_name(const IsotropicHead& head, std::size_t index) {
  return "Head " + number_text(index + 1) + ": b = " + short_text(head.scale);
}

double largest_label(const OnePrompt& prompt) {
  double largest = 0.1;
  for (const double label : prompt.labels) largest = std::max(largest, std::abs(label));
  return largest;
}

Figure prediction_figure(const Picture& picture) {
  const OnePrompt& prompt = picture.prompt;
  Figure figure = plane_figure(picture, "prediction", "What does each head predict?");
  figure.subtitle =
      "Colour: the prediction for a query at that place; discs: examples in the colour of their "
      "label, as large as the attention that the query pays them.";
  figure.invitation = "Drag any of them.";
  figure.draw_fields().panels.push_back(
      field_panel(picture, FieldQuantity::kTruth, kAllHeads, "truth", "Truth: θᵀx"));
  const std::size_t heads = prompt.heads.size();
  figure.draw_fields().panels.push_back(
      field_panel(picture, FieldQuantity::kPrediction, heads == 1 ? 0 : kAllHeads, "together",
                  heads == 1 ? "The head: a S(b)" : "All heads together"));
  for (std::size_t h = 0; heads > 1 && h < heads; ++h) {
    figure.draw_fields().panels.push_back(field_panel(
        picture, FieldQuantity::kPrediction, static_cast<int>(h), "head-" + number_text(h + 1),
        head_name(prompt.heads[h], h) + ", a = " + short_text(prompt.heads[h].weight)));
  }
  const double steepest = std::hypot(prompt.theta.x, prompt.theta.y) * kReach;
  colour_signed(figure, round_up(std::max({steepest, largest_label(prompt), 0.1})), "value");
  return figure;
}

Figure attention_figure(const Picture& picture) {
  Figure figure = plane_figure(picture, "attention", "Where does each head look?");
  figure.subtitle = "Colour: the weight that example " + number_text(picture.focus + 1) +
                    " gets from a query there; discs: weights of all examples at the query.";
  for (std::size_t i = 0; i < picture.prompt.examples.size(); ++i) {
    figure.handles[i].value = std::nan("");
    figure.handles[i].colour = i == picture.focus ? kColourBrfa : kColourReference;
    if (i == picture.focus) figure.handles[i].label = number_text(i + 1);
  }
  for (std::size_t h = 0; h < picture.prompt.heads.size(); ++h) {
    figure.draw_fields().panels.push_back(
        field_panel(picture, FieldQuantity::kWeight, static_cast<int>(h),
                    "attention-" + number_text(h + 1), head_name(picture.prompt.heads[h], h)));
    figure.draw_fields().panels.back().contours = {0.25, 0.5, 0.75};
    figure.draw_fields().panels.back().value_label = "weight";
  }
  return figure;
}

Figure error_figure(const Picture& picture) {
  const OnePrompt& prompt = picture.prompt;
  Figure figure = plane_figure(picture, "error", "Where is the prediction wrong?");
  figure.subtitle = "Prediction minus θᵀx; white on the middle line: right.";
  figure.draw_fields().panels.push_back(
      field_panel(picture, FieldQuantity::kError, kAllHeads, "softmax-error",
                  prompt.heads.size() == 1 ? "One softmax head" : "All softmax heads"));
  figure.draw_fields().panels.push_back(field_panel(picture, FieldQuantity::kLinearError, kAllHeads,
                                                    "linear-error",
                                                    "Linear attention (one gradient step)"));
  const double steepest = std::hypot(prompt.theta.x, prompt.theta.y) * kReach;
  colour_signed(figure, round_up(std::max({steepest, largest_label(prompt), 0.1})), "error");
  return figure;
}

}  // namespace

std::vector<Figure> attention_figures(const Picture& picture) {
  return {prediction_figure(picture), attention_figure(picture), error_figure(picture)};
}

}  // namespace attnlab::in_context
