// What can be asked of documents by the two arithmetics, with and without fused multiply-add, at
// default parameters: integers and words are identical, reals agree to 1e-4 of the larger of them
// and 1 (docs/numerics.md), apart from the columns below. Parameters at the ends of their ranges are
// not compared: for example, a ridge parameter of 1e-12 amplifies rounding by 1e12.
import { differences } from './compare.mjs';

const tolerance = 1e-4;

/** Experiments, tables and columns with a tolerance of their own; none: not compared. */
const exceptions = [
  { experiment: /^rf-/, table: /./, column: /^std_error$/, tolerance: 1e-3,
    why: 'a difference of nearly equal errors has their rounding, not its own' },
  { experiment: /^icl-(risk|scenarios)$/, table: /^heads$/, column: /./,
    why: 'the search for head sets decides by comparisons; sets of about the same risk are far apart' },
  // Of the same set the risk of one prompt differs by 1e-7 to 4e-7, since attention sums its keys in
  // float; the signs are random, so that the mean of 1600 prompts differs by 1e-8, of 25600 by 1e-9.
  { experiment: /^icl-(risk|scenarios)$/, table: /^risk$/, column: /^(scaled_)?(risk|std_error)$/,
    why: 'the risk of those head sets' },
  { experiment: /^icl-(risk|scenarios)$/, table: /^ratio$/, column: /^(ratio|std_error)$/,
    why: 'the ratio of those risks' },
  { experiment: /^icl-(risk|scenarios)$/, table: /^covariance$/, column: /^covariance$/,
    why: 'the covariances of those risks' },
  { experiment: /^rf-trained$/, table: /./, column: /./, tolerance: 1e-3,
    why: 'the steps of training amplify the rounding of a gradient: 2e-4 was seen in one of 24 random runs' },
  { experiment: /^rf-function$/, table: /^curves$/, column: /^value$/, tolerance: 8e-4,
    why: 'N times the output, and N is at most 8' },
  { experiment: /^icl-(training|embedding)$/, table: /^(matrices|outcome)$/, column: /^(value|rotation)$/,
    where: ({ params }) => String(params['prompt-length']) === '1',
    why: 'of one example the weight is 1: the gradient of KQ is rounding, and Adam steps as far as along any other' },
];

function table_differences(document, name, a, b) {
  const exception_of = (column) => exceptions.find((one) => one.experiment.test(document.experiment) &&
    (one.where?.(document) ?? true) && one.table.test(name) && one.column.test(column.name ?? column));
  const of = a.columns.map(exception_of);
  if (of.every((one) => one && !one.tolerance)) return [];
  return a.rows.length !== b.rows.length ? [`${name}: ${a.rows.length} against ${b.rows.length} rows`] :
    a.rows.flatMap((row, i) => row.flatMap((cell, j) => of[j] && !of[j].tolerance ? [] :
      differences(`${name}[${i}].${a.columns[j].name ?? a.columns[j]}`, cell, b.rows[i][j],
        of[j]?.tolerance ?? tolerance)));
}

/** Differences that rounding does not explain, as sentences. */
export function between_classes(a, b) {
  return Object.keys(a.tables).flatMap((name) =>
    table_differences(a, name, a.tables[name], b.tables[name]));
}
