"""Layouts of films, music, books, games, videos and news."""

from bert4rec_tui.data.layouts.layout import Items, Layout
from bert4rec_tui.data.layouts.patterns import ANY, GUID, INTEGER, ISO_TIME, NUMBER, WORD

_BOOKS = Items(
    files=("bx-books.csv", "bx_books.csv", "books.csv"),
    columns={"item": ("ISBN",), "title": ("Book-Title", "Title")},
    encoding="latin-1",
    escape="\\",
)
_ANIME = Items(
    files=("anime.csv", "anime*.csv"),
    columns={"item": ("anime_id", "MAL_ID"), "title": ("name", "title"), "genres": ("genre", "genres")},
    genre_separator=", ",
)
_NETFLIX_TITLES = Items(
    files=("movie_titles.csv", "movie_titles.txt", "movie_titles*"),
    columns={"item": ("0",), "title": ("2",)},
    names=("movie", "year", "title"),
    separator=",",
    encoding="latin-1",
)
_STEAM_GAMES = Items(
    files=("steam_games.json*", "games.csv", "games.*"),
    columns={"item": ("id", "app_id"), "title": ("app_name", "title"), "genres": ("genres",)},
)
_MIND_NEWS = Items(
    files=("news.tsv",),
    columns={"item": ("0",), "title": ("3",), "genres": ("1",)},
    names=("news", "category", "subcategory", "title", "abstract", "url", "title_entities", "abstract_entities"),
    separator="\t",
)

FILMS = (
    Layout(
        name="kaggle-movielens",
        title="MovieLens on Kaggle (rating.csv, movie.csv)",
        noun="movie",
        columns={"user": "userId", "item": "movieId", "rating": "rating", "timestamp": "timestamp"},
        head=frozenset({"userid", "movieid", "rating", "timestamp"}),
        files=("rating.csv",),
        separator=",",
        items=Items(
            files=("movie.csv",),
            columns={"item": ("movieId",), "title": ("title",), "genres": ("genres",)},
            separator=",",
            genre_separator="|",
        ),
    ),
    Layout(
        name="netflix-blocks",
        title="Netflix Prize (mv_*.txt, combined_data_*.txt)",
        noun="movie",
        columns={"user": "1", "item": "0", "rating": "2", "timestamp": "3"},
        files=("mv_*.txt", "combined_data_*.txt"),
        names=("movie", "CustomerID", "Rating", "Date"),
        separator=",",
        time_format="%Y-%m-%d",
        form="blocks",
        items=_NETFLIX_TITLES,
    ),
    Layout(
        name="netflix",
        title="Netflix Prize as one table",
        noun="movie",
        columns={"user": "CustomerID", "item": "MovieID", "rating": "Rating", "timestamp": "Date"},
        head=frozenset({"customerid", "movieid", "rating", "date"}),
        items=_NETFLIX_TITLES,
    ),
    Layout(
        name="anime",
        title="Anime recommendations (Kaggle)",
        noun="anime",
        columns={"user": "user_id", "item": "anime_id"},
        head=frozenset({"user_id", "anime_id", "rating"}),
        items=_ANIME,
        note="the file has no times; its rating -1 means watched without a rating, so that ratings are not read",
    ),
)

MUSIC = (
    Layout(
        name="yambda-events",
        title="Yambda flat, all events (multi_event)",
        noun="track",
        columns={"user": "uid", "item": "item_id", "timestamp": "timestamp"},
        head=frozenset({"uid", "item_id", "timestamp", "is_organic", "event_type"}),
        time_unit="5s",
        event="event_type",
        where="event_type = 'listen'",
        note="times count in steps of 5 seconds from an unknown day",
    ),
    Layout(
        name="yambda",
        title="Yambda flat (listens, likes, dislikes, …)",
        noun="track",
        columns={"user": "uid", "item": "item_id", "timestamp": "timestamp"},
        head=frozenset({"uid", "item_id", "timestamp", "is_organic"}),
        time_unit="5s",
        note="times count in steps of 5 seconds from an unknown day",
    ),
    Layout(
        name="yambda-sequential",
        title="Yambda sequential, a user a row",
        noun="track",
        columns={"user": "uid", "item": "item_ids", "timestamp": "timestamps"},
        head=frozenset({"uid", "item_ids", "timestamps"}),
        time_unit="5s",
        form="lists",
        note="times count in steps of 5 seconds from an unknown day",
    ),
    Layout(
        name="lastfm-1k",
        title="Last.fm 1K users, listening events",
        noun="track",
        columns={"user": "0", "item": "4", "timestamp": "1", "title": "5"},
        cells=(WORD, ISO_TIME, f"({GUID})?", ANY, f"({GUID})?", ANY),
        names=("userid", "timestamp", "artid", "artname", "traid", "traname"),
        separator="\t",
        quoted=False,
        incomplete=True,
    ),
    Layout(
        name="lastfm-360k",
        title="Last.fm 360K users, plays of artists",
        noun="artist",
        columns={"user": "0", "item": "1", "title": "2"},
        cells=(r"[0-9a-f]{40}", f"({GUID})?", ANY, r"\s*\d+\s*"),
        names=("usersha1", "artmbid", "artname", "plays"),
        separator="\t",
        quoted=False,
        incomplete=True,
        note="the file has no times",
    ),
    Layout(
        name="lastfm-2k",
        title="Last.fm 2K users (HetRec 2011), plays of artists",
        noun="artist",
        columns={"user": "userID", "item": "artistID"},
        head=frozenset({"userid", "artistid", "weight"}),
        separator="\t",
        quoted=False,
        items=Items(
            files=("artists.dat",),
            columns={"item": ("id",), "title": ("name",)},
            separator="\t",
        ),
        note="the file has no times",
    ),
    Layout(
        name="echo-nest",
        title="Echo Nest taste profiles (train_triplets.txt)",
        noun="song",
        columns={"user": "0", "item": "1"},
        cells=(r"[0-9a-f]{40}", r"SO[0-9A-Z]{16}", r"\d+"),
        names=("user", "song", "plays"),
        separator="\t",
        quoted=False,
        note="the file has no times",
    ),
)

BOOKS = (
    Layout(
        name="goodreads-ids",
        title="Goodreads shelves, ids only (goodreads_interactions.csv)",
        noun="book",
        columns={"user": "user_id", "item": "book_id", "rating": "rating"},
        head=frozenset({"user_id", "book_id", "is_read", "rating", "is_reviewed"}),
        separator=",",
        where="is_read = 1",
        note="the file has no times, and its ids are not those of goodreads_books.json",
    ),
    Layout(
        name="goodreads",
        title="Goodreads shelves and reviews, JSON lines",
        noun="book",
        columns={"user": "user_id", "item": "book_id", "rating": "rating", "timestamp": "date_added"},
        head=frozenset({"user_id", "book_id", "date_added"}),
        time_format="%a %b %d %H:%M:%S %z %Y",
        items=Items(
            files=("goodreads_books.json*", "goodreads_books*.json*"),
            columns={"item": ("book_id",), "title": ("title", "title_without_series")},
        ),
    ),
    Layout(
        name="book-crossing",
        title="Book-Crossing",
        noun="book",
        columns={"user": "User-ID", "item": "ISBN", "rating": "Book-Rating"},
        head=frozenset({"user-id", "isbn", "book-rating"}),
        encoding="latin-1",
        items=_BOOKS,
        note="the file has no times, and its rating 0 means read without a rating",
    ),
    Layout(
        name="book-crossing-2",
        title="Book-Crossing, cleaned (User-ID, ISBN, Rating)",
        noun="book",
        columns={"user": "User-ID", "item": "ISBN", "rating": "Rating"},
        head=frozenset({"user-id", "isbn", "rating"}),
        items=_BOOKS,
        note="the file has no times, and its rating 0 means read without a rating",
    ),
)

GAMES = (
    Layout(
        name="steam-200k",
        title="Steam 200k, purchases and hours played",
        noun="game",
        columns={"user": "0", "item": "1"},
        cells=(INTEGER, ANY, "purchase|play", NUMBER, "0"),
        names=("user", "game", "behavior", "value", "zero"),
        separator=",",
        event="behavior",
        where="behavior = 'purchase'",
        note="the file has no times, and a game that was played has a second row",
    ),
    Layout(
        name="steam-reviews",
        title="Steam reviews (steam_reviews.json)",
        noun="game",
        columns={"user": "username", "item": "product_id", "timestamp": "date"},
        head=frozenset({"username", "product_id", "hours", "date"}),
        time_format="%Y-%m-%d",
        form="literals",
        items=_STEAM_GAMES,
        note="the lines are Python's literals, not JSON",
    ),
    Layout(
        name="steam-australian-reviews",
        title="Steam, reviews of Australian users",
        noun="game",
        columns={"user": "user_id", "item": "item_id", "timestamp": "posted"},
        head=frozenset({"user_id", "user_url", "item_id", "posted"}),
        time_format="Posted %B %d, %Y.",
        form="literals",
        incomplete=True,
        items=_STEAM_GAMES,
        note="the lines are Python's literals, not JSON; reviews of the last year have a date without a year",
    ),
    Layout(
        name="steam-australian-items",
        title="Steam, games of Australian users",
        noun="game",
        columns={"user": "user_id", "item": "item_id", "title": "item_name"},
        head=frozenset({"user_id", "items_count", "item_id", "item_name"}),
        form="literals",
        note="the lines are Python's literals, not JSON; the file has no times",
    ),
    Layout(
        name="steam-recommendations",
        title="Steam recommendations (Kaggle)",
        noun="game",
        columns={"user": "user_id", "item": "app_id", "timestamp": "date"},
        head=frozenset({"app_id", "date", "is_recommended", "hours", "user_id"}),
        time_format="%Y-%m-%d",
        where="is_recommended = true",
        items=_STEAM_GAMES,
    ),
)

VIDEOS = (
    Layout(
        name="kuairec",
        title="KuaiRec (big_matrix.csv, small_matrix.csv)",
        noun="video",
        columns={"user": "user_id", "item": "video_id", "timestamp": "timestamp"},
        head=frozenset({"user_id", "video_id", "play_duration", "timestamp", "watch_ratio"}),
        time_unit="s",
        where="watch_ratio >= 1",
        incomplete=True,
        items=Items(
            files=("kuairec_caption_category.csv",),
            columns={"item": ("video_id",), "title": ("caption",), "genres": ("first_level_category_name",)},
        ),
    ),
    Layout(
        name="kuairand",
        title="KuaiRand (log_standard_*.csv, log_random_*.csv)",
        noun="video",
        columns={"user": "user_id", "item": "video_id", "timestamp": "time_ms"},
        head=frozenset({"user_id", "video_id", "time_ms", "is_click"}),
        time_unit="ms",
        where="is_click = 1",
        items=Items(files=("video_features_basic*.csv",), columns={"item": ("video_id",), "genres": ("tag",)}),
        note="videos have no titles",
    ),
)

NEWS = (
    Layout(
        name="mind",
        title="MIND news (behaviors.tsv)",
        noun="article",
        columns={"user": "1", "timestamp": "2", "item": "3"},
        cells=(INTEGER, r"U\w+", r"\d+/\d+/\d{4} \d+:\d\d:\d\d [AP]M", r"(N\d+ ?)*", r"(N\d+(-[01])? ?)*"),
        names=("impression", "user", "time", "history", "impressions"),
        separator="\t",
        quoted=False,
        time_format="%m/%d/%Y %I:%M:%S %p",
        form="history",
        items=_MIND_NEWS,
    ),
)

MEDIA = (*FILMS, *MUSIC, *BOOKS, *GAMES, *VIDEOS, *NEWS)
