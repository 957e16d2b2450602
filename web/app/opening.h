// The experiments of the page's module, which contains none of their code: the first and the names
// of the others with the page, all others when the workers' module is there. Defines catalogue().
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/base/bytes.h"
#include "core/base/expected.h"

namespace attnlab::opening {

/// Takes over the data of the opening (core/codecs/opening.h); call it before everything else.
Expected<void> open(std::span<const std::uint8_t> bytes);
/// The faces of all experiments (encode_faces), which have the names known so far.
Expected<void> complete(std::span<const std::uint8_t> faces);

/// The finished jobs of the run that the lab opens with.
const std::string& journal();
/// What is known without the workers' module: the plan of this run, what it finds in no outputs and
/// in all. `query` is full_query_text of a run, `outputs` are encode_outputs.
std::optional<Bytes> plan(const std::string& query);
std::optional<Bytes> findings(const std::string& query, const Bytes& outputs);

}  // namespace attnlab::opening
