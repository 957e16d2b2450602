// In-context regression in the plane: prediction, attention and error of softmax heads for a query at
// each point. The same function as in_context_field in core/attention/one_prompt.cpp.
// Numbers: quantity, head (-1: all), focus example, heads H, examples D, theta (2), linear
// attention's coefficients (2), then (scale, weight) of each head, then (x, y, label) of each example.
int first_example() { return 9 + 2 * int(number(3)); }
vec2 example(int i) {
  return vec2(number(first_example() + 3 * i), number(first_example() + 3 * i + 1));
}

// (softmax average of the labels, weight of the focus example) for scores scale * query . example
vec2 attend(float scale, vec2 query) {
  int count = int(number(4)), focus = int(number(2));
  float top = -1.0e30;
  for (int i = 0; i < count; ++i) top = max(top, scale * dot(query, example(i)));
  float sum = 0.0, labels = 0.0, focused = 0.0;
  for (int i = 0; i < count; ++i) {
    float weight = exp(scale * dot(query, example(i)) - top);
    sum += weight;
    labels += weight * number(first_example() + 3 * i + 2);
    if (i == focus) focused = weight;
  }
  return vec2(labels, focused) / sum;
}

float softmax_prediction(vec2 query) {
  int head = int(number(1)), heads = int(number(3));
  float prediction = 0.0;
  for (int h = 0; h < heads; ++h) {
    if (head >= 0 && h != head) continue;
    prediction += number(10 + 2 * h) * attend(number(9 + 2 * h), query).x;
  }
  return prediction;
}

vec2 field(vec2 query) {
  int quantity = int(number(0));
  float truth = dot(vec2(number(5), number(6)), query);
  float linear = dot(vec2(number(7), number(8)), query);
  float value;
  if (quantity == 0) value = truth;
  else if (quantity == 1) value = softmax_prediction(query);
  else if (quantity == 2) value = attend(number(9 + 2 * int(number(1))), query).y;
  else if (quantity == 3) value = softmax_prediction(query) - truth;
  else value = linear - truth;
  return vec2(value);
}
