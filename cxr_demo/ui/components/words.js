// Sentences with values, numbers and percentages in the reader's language, which is a component's
// `props.label`, see module.py; Gradio's config brings the translations.
const all = () => (window.gradio_config ?? window.cxr_config)?.i18n_translations ?? {};

/** What a component says, always in the language that is chosen now. */
export function words(props) {
  const decimal = (digits) => ({ minimumFractionDigits: digits, maximumFractionDigits: digits });
  const spoken = () => (props.label in all() ? props.label : 'en');
  return {
    spoken,
    /** A sentence with its values filled in; whole numbers get the language's separators. */
    t(key, values = {}) {
      const sentence = all()[spoken()]?.[key] ?? all().en?.[key] ?? key;
      return sentence.replaceAll(/\{(\w+)\}/g, (place, name) => {
        const value = values[name] ?? place;
        return Number.isInteger(value) ? value.toLocaleString(spoken()) : String(value);
      });
    },
    number: (value, digits) => value.toLocaleString(spoken(), decimal(digits)),
    /** A share in [0, 1] in per cent. */
    percent: (share, digits = 0) => share.toLocaleString(spoken(), { style: 'percent', ...decimal(digits) }),
  };
}
