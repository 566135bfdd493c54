"""What stationary points, x0, -rho_d x0 and cell walls look like, in the plane and on the sphere."""

from matplotlib.lines import Line2D

from plot_style import BLUE, GREEN, VERMILION, YELLOW

# Told apart by shape and fill as well as by colour.
KINDS = {
    "minimum": {"marker": "o", "color": BLUE, "markersize": 3.6, "markeredgecolor": "white", "markeredgewidth": 0.4},
    "kink minimum": {"marker": "^", "color": GREEN, "markersize": 4.2, "markeredgecolor": "white", "markeredgewidth": 0.4},
    "kink saddle": {"marker": "x", "color": VERMILION, "markersize": 4.8, "markeredgewidth": 0.8},
    "maximum": {"marker": "s", "color": "black", "markersize": 3.6, "markeredgecolor": "white", "markeredgewidth": 0.4},
}
SOLUTION = {"marker": "*", "color": YELLOW, "markersize": 8.5, "markeredgecolor": "black", "markeredgewidth": 0.5}
SPURIOUS = {"marker": "P", "color": "white", "markersize": 6, "markeredgecolor": "black", "markeredgewidth": 0.6}
WALL = {"color": "0.6", "linewidth": 0.3}


def handles_of(instance, shown):
    handles = [Line2D([], [], linestyle="none", label="$x_0$", **SOLUTION)]
    if instance.spurious is not None:
        handles.append(Line2D([], [], linestyle="none", label=r"$-\rho_d\,x_0$", **SPURIOUS))
    handles += [Line2D([], [], linestyle="none", label=kind, **style) for kind, style in KINDS.items() if kind in shown]
    return handles + [Line2D([], [], label="cell walls", **WALL)]
