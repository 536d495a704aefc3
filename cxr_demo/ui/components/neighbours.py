"""Cards of references: the nearest with their vote, or those picked on the map.

Data contract: the value of a `Neighbours` is what `neighbours_html(…)` or `picked_html(…)` return
(HTML in every language), "" for none. Cards are buttons with a picture of at least 120 px, class,
cosine similarity (nearest only) and patient key; the four nearest are large.
Event "pick", payload in `gr.EventData`: {"rows": [int]}, the library row of the card pressed, or []
where it was pressed again. Check it with `map_link.picked_rows(event, library)`; then hold it
beside the radiograph in the viewer and mark it with `MapLink`'s `marked`.
"""
