"""Link the map's points with the rest of the page: click, lasso, star of the radiograph, rings.

Data contract: a `MapLink` stands beside a `gr.Plot(elem_id=figure)` whose value is
`map_figure.map_plot(…)`, the same for everybody. Nothing of the plot is ever replaced:

Props, set by handlers with `gr.update(name=…)` or `MapLink.update(name=…)`:
    projection: "umap" or "tsne"; moves all points (may be set by `.change(fn=None, js=…)`, too).
    query: None, or `map_query(…)`: star (hollow where the position is atypical), lines and rings.
    marked: None, or `map_marks(library, rows)`: references to mark, the others grey.
    more: None, or `map_figure.points_in(…)`: further points of a library too large to draw.
Events; their payload is in `gr.EventData`, which anybody can forge:
    "pick": {"rows": [int, …]}, library rows clicked (one) or in the lasso (many); [] lets go. Check
        it with `picked_rows(event, library)`.
    "look": {"projection", "box": [left, bottom, right, top]}: a part of a sampled map is looked at
        closely. Check it with `looked_at(event)`.
"""
