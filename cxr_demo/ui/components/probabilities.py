"""What the classifier says, as HTML in every language. Pure functions; shown by plain `gr.HTML`.

probabilities_html(probabilities, conformal_set, point, threshold, atypical=False) -> str
    Bars of both heads, conformal set in words, what the operating point calls, marks of doubt.
per_hundred_html(point: {"threshold", "sensitivity", "specificity"}, prevalence: float) -> str
    What an operating point means for 100 children: dots and a sentence.
zones_html(zones) -> str
    Six zones, one line each; "" for None.
nothing_html(key="nothing") -> str
    Stands where there is no radiograph yet, or where it is hidden ("veiled", "gated").
"""
