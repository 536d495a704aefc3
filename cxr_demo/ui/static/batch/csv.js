// A batch as comma-separated values, RFC 4180, that no spreadsheet takes for formulas.
import { t } from '../shared/wording.js';

const COLUMNS = {
  file: ({ path }) => path,
  status: ({ status }) => status,
  reason: ({ reason }) => (reason ? t(reason.key, reason.values) : null),
  gate: ({ found }) => found?.gate,
  burned_in: ({ found }) => found?.burned_in,
  p_pneumonia: ({ found }) => found?.pneumonia,
  p_normal: ({ found }) => found?.normal,
  p_bacterial: ({ found }) => found?.bacterial,
  p_viral: ({ found }) => found?.viral,
  anomaly_score: ({ found }) => found?.score,
  anomaly_threshold: ({ found }) => found?.threshold,
  unusual: ({ found }) => found?.unusual,
  classifier_hash: ({ found }) => found?.classifier,
};

/** Text that a spreadsheet would calculate gets an apostrophe in front; numbers stay numbers. */
function cell(value) {
  if (typeof value !== 'string') return String(value ?? '');
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The rows as a file's text; the reasons are in the page's language. */
export const csv = (rows) =>
  [Object.keys(COLUMNS), ...rows.map((row) => Object.values(COLUMNS).map((of) => of(row)))]
    .map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');
