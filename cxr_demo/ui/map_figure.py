"""The library's map as a Plotly figure: every reference a point, classes by colour and symbol.

Data contract: library coordinates of one projection → `plotly.graph_objects.Figure` with one
`scattergl` trace a class, in the order of THREE_CLASS, each point with its library row as
`customdata` and its patient key as `text`. It holds nothing of any radiograph: star, rings and
colours of the theme are drawn in the browser by `components/map_link.py`, because a new figure
would lose zoom and selection. `map_plot` is what `gr.Plot` shows.

A library larger than MAX_POINTS is sampled (see `reference.map_sampling`); what lies in a part of
the map that is looked at closely comes with `points_in`.
"""
