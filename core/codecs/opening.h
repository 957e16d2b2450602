// The data with which a front end without any experiment's code opens; made when the page is built.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/experiment/experiment.h"

namespace attnlab {

struct Opening {
  std::vector<Experiment> experiments;  ///< in their order; only the first is `whole`
  std::string query;                    ///< the run that it opens with (full_query_text)
  Bytes plan;                           ///< of this run: encode_plan
  Bytes blank, found;   ///< its findings without outputs and with all: encode_findings
  std::string journal;  ///< its finished jobs
};

/// The opening whose run is that of the journal; refuses runs of any but the first experiment.
Expected<Bytes> encode_opening(std::string_view journal, std::string_view version);
Expected<Opening> decode_opening(std::span<const std::uint8_t> bytes);

}  // namespace attnlab
