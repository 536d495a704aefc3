// Sentences with values, numbers and percentages in the reader's language. `language` is a
// component's `props.label`, see module.py; Gradio's config brings the translations.
const all = () => (window.gradio_config ?? window.cxr_config)?.i18n_translations ?? {};

/** A language that there are translations for: 'en' where `language` is none of them. */
export const spoken = (language) => (language in all() ? language : 'en');

/** A sentence with its values filled in; whole numbers get the language's separators. */
export function t(language, key, values = {}) {
  const sentence = all()[spoken(language)]?.[key] ?? all().en?.[key] ?? key;
  return sentence.replaceAll(/\{(\w+)\}/g, (place, name) => {
    const value = values[name] ?? place;
    return Number.isInteger(value) ? value.toLocaleString(spoken(language)) : String(value);
  });
}

/** A number with so many decimals. */
export const number = (language, value, decimals) => value.toLocaleString(spoken(language), {
  minimumFractionDigits: decimals, maximumFractionDigits: decimals,
});

/** A share in [0, 1] as a percentage. */
export const percent = (language, share, decimals = 0) => share.toLocaleString(spoken(language), {
  style: 'percent', minimumFractionDigits: decimals, maximumFractionDigits: decimals,
});
