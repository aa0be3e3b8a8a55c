"""Layouts of places: check-ins and reviews."""

from bert4rec_tui.data.layouts.layout import Items, Layout
from bert4rec_tui.data.layouts.patterns import ANY, DEGREES, INTEGER, ISO_TIME, TWITTER_TIME, WORD

PLACES = (
    Layout(
        name="gowalla",
        title="Gowalla and Brightkite check-ins (SNAP)",
        noun="place",
        columns={"user": "0", "item": "4", "timestamp": "1"},
        cells=(INTEGER, f"({ISO_TIME})?", f"({DEGREES})?", f"({DEGREES})?", f"({WORD})?"),
        names=("user", "time", "latitude", "longitude", "location"),
        separator="\t",
        quoted=False,
        incomplete=True,
    ),
    Layout(
        name="foursquare-2014",
        title="Foursquare check-ins in New York and Tokyo (TSMC 2014)",
        noun="place",
        columns={"user": "0", "item": "1", "timestamp": "7", "genres": "3"},
        cells=(INTEGER, WORD, WORD, ANY, DEGREES, DEGREES, r"-?\d+", TWITTER_TIME),
        names=("user", "venue", "category_id", "category", "latitude", "longitude", "offset", "time"),
        separator="\t",
        encoding="latin-1",
        quoted=False,
        time_format="%a %b %d %H:%M:%S %z %Y",
    ),
    Layout(
        name="foursquare-2014-csv",
        title="Foursquare check-ins in New York and Tokyo, as on Kaggle",
        noun="place",
        columns={"user": "userId", "item": "venueId", "timestamp": "utcTimestamp", "genres": "venueCategory"},
        head=frozenset({"userid", "venueid", "venuecategory", "utctimestamp"}),
        encoding="latin-1",
        time_format="%a %b %d %H:%M:%S %z %Y",
    ),
    Layout(
        name="foursquare-2015",
        title="Foursquare check-ins worldwide (TIST 2015)",
        noun="place",
        columns={"user": "0", "item": "1", "timestamp": "2"},
        cells=(INTEGER, r"[0-9a-f]{24}", TWITTER_TIME, r"-?\d+"),
        names=("user", "venue", "time", "offset"),
        separator="\t",
        quoted=False,
        time_format="%a %b %d %H:%M:%S %z %Y",
        items=Items(
            files=("*pois.txt",),
            columns={"item": ("0",), "genres": ("3",)},
            names=("venue", "latitude", "longitude", "category", "country"),
            separator="\t",
        ),
    ),
    Layout(
        name="yelp",
        title="Yelp reviews and tips",
        noun="business",
        columns={"user": "user_id", "item": "business_id", "rating": "stars", "timestamp": "date"},
        head=frozenset({"user_id", "business_id", "date"}),
        items=Items(
            files=("*business.json*", "*business.*"),
            columns={"item": ("business_id",), "title": ("name",), "genres": ("categories",)},
            genre_separator=", ",
        ),
    ),
    Layout(
        name="food-com",
        title="Food.com recipes (RAW_interactions.csv)",
        noun="recipe",
        columns={"user": "user_id", "item": "recipe_id", "rating": "rating", "timestamp": "date"},
        head=frozenset({"user_id", "recipe_id", "date", "rating"}),
        items=Items(
            files=("raw_recipes.csv", "recipes.csv"),
            columns={"item": ("id", "RecipeId"), "title": ("name",), "genres": ("tags",)},
        ),
    ),
)
