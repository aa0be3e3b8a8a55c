"""Small files in the layouts that this field publishes, with invented values: name, header or None, rows, siblings."""

from dataclasses import dataclass

GUIDS = ("0a1b2c3d-0000-4000-8000-00000000000a", "0a1b2c3d-0000-4000-8000-00000000000b")
SHA = ("00000c289a1829a808ac09c00daf10bc3c4e223b", "00001411dc427966b17297bf4d69e7e193135d89")


@dataclass(frozen=True)
class Sample:
    """A file as `recognise` sees it, and what should come of it."""

    layout: str
    file: str
    names: list[str] | None
    rows: list[list[str]]
    columns: dict[str, str]
    siblings: tuple[str, ...] = ()
    items: str | None = None
    noun: str = "product"
    separator: str = ","

    @property
    def lines(self) -> list[str]:
        """The lines of the file."""
        rows = [self.names, *self.rows] if self.names is not None else self.rows
        return [self.separator.join(row) for row in rows]

    @property
    def text(self) -> str:
        """The file as it stands on disk."""
        return "\n".join(self.lines) + "\n"


def table(header: str, lines: str, separator: str = ",") -> tuple[list[str] | None, list[list[str]]]:
    names = header.split(separator) if header else None
    return names, [line.split(separator) for line in lines.strip("\n").split("\n")]


def sample(
    layout: str, file: str, header: str, lines: str, columns: str, separator: str = ",", **more: object
) -> Sample:
    names, rows = table(header, lines, separator)
    roles = dict(pair.split("=") for pair in columns.split(","))
    return Sample(layout, file, names, rows, roles, separator=separator, **more)  # type: ignore[arg-type]


SAMPLES = [
    sample(
        "recbole",
        "ml-tiny.inter",
        "user_id:token\titem_id:token\trating:float\ttimestamp:float",
        "7\t12\t3\t881250949\n8\t13\t4\t881250950\n8\t12\t5\t881250951",
        "user=user_id:token,item=item_id:token,rating=rating:float,timestamp=timestamp:float",
        "\t",
        siblings=("ml-tiny.inter", "ml-tiny.item", "ml-tiny.user"),
        items="ml-tiny.item",
        noun="movie",
    ),
    sample(
        "amazon-2018-ratings",
        "Magazine_Subscriptions.csv",
        "",
        "B00005N7P0,A1AB2CD3EF4GH5,5.0,1005177600\nB00005N7P0,A2AB2CD3EF4GH5,1.0,1005177601\n"
        "0005019281,A1AB2CD3EF4GH5,4.0,1005177602",
        "user=1,item=0,rating=2,timestamp=3",
        siblings=("Magazine_Subscriptions.csv", "meta_Magazine_Subscriptions.json.gz", "meta_Books.json.gz"),
        items="meta_Magazine_Subscriptions.json.gz",
    ),
    sample(
        "amazon-2014-ratings",
        "ratings_Beauty.csv",
        "",
        "A1AB2CD3EF4GH5,B00005N7P0,5.0,1005177600\nA2AB2CD3EF4GH5,000501928X,1.0,1005177601\n"
        "A2AB2CD3EF4GH5,B00005N7P1,1.0,1005177601",
        "user=0,item=1,rating=2,timestamp=3",
        siblings=("meta_Beauty.json.gz", "meta_Books.json.gz"),
        items="meta_Beauty.json.gz",
    ),
    sample(
        "amazon-reviews",
        "Beauty_5.json.gz",
        "overall,verified,reviewTime,reviewerID,asin,reviewText,summary,unixReviewTime",
        "5.0,True,09 13; 2009,A1AB2CD3EF4GH5,B00005N7P0,nice,Nice,1252800000",
        "user=reviewerID,item=asin,rating=overall,timestamp=unixReviewTime",
        siblings=("meta_Beauty.json.gz",),
        items="meta_Beauty.json.gz",
    ),
    sample(
        "amazon-2023",
        "All_Beauty.jsonl.gz",
        "rating,title,text,images,asin,parent_asin,user_id,timestamp,helpful_vote,verified_purchase",
        "5.0,Great,fine,[],B00YQ6X8EO,B00YQ6X8EO,AGKHLEW2SOWHNMFQIJGBECAF7INQ,1588687728923,0,True",
        "user=user_id,item=parent_asin,rating=rating,timestamp=timestamp",
        siblings=("All_Beauty.jsonl.gz", "meta_All_Beauty.jsonl.gz"),
        items="meta_All_Beauty.jsonl.gz",
    ),
    sample(
        "amazon-2023",
        "All_Beauty.train.csv.gz",
        "user_id,parent_asin,rating,timestamp,history",
        "AGKH,B00YQ6X8EO,5.0,1588687728923,\nAGKH,B00YQ6X8EP,5.0,1588687728924,B00YQ6X8EO",
        "user=user_id,item=parent_asin,rating=rating,timestamp=timestamp",
    ),
    sample(
        "retailrocket",
        "events.csv",
        "timestamp,visitorid,event,itemid,transactionid",
        "1433221332117,257597,view,355908,\n1433224214164,992329,transaction,248676,17",
        "user=visitorid,item=itemid,timestamp=timestamp",
    ),
    sample(
        "yoochoose-clicks",
        "yoochoose-clicks.dat",
        "",
        "1,2014-04-07T10:51:09.277Z,214536502,0\n1,2014-04-07T10:54:09.868Z,214536500,S\n"
        "2,2014-04-07T13:56:37.614Z,214662742,2",
        "user=0,timestamp=1,item=2",
    ),
    sample(
        "yoochoose-buys",
        "yoochoose-buys.dat",
        "",
        "420374,2014-04-06T18:44:58.314Z,214537888,12462,1\n420374,2014-04-06T18:44:58.325Z,214537850,10471,1\n"
        "281626,2014-04-06T09:40:13.032Z,214535653,1883,1",
        "user=0,timestamp=1,item=2",
    ),
    sample(
        "diginetica",
        "train-item-views.csv",
        "sessionId;userId;itemId;timeframe;eventdate",
        "1;NA;81766;526309;2016-05-09\n1;NA;31331;1031018;2016-05-09",
        "user=sessionId,item=itemId,timestamp=eventdate",
        ";",
        siblings=("product-categories.csv", "products.csv"),
        items="product-categories.csv",
    ),
    sample(
        "rees46",
        "2019-Oct.csv.gz",
        "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session",
        f"2019-10-01 00:00:00 UTC,view,44600062,2103807459595387724,,shiseido,35.79,541312140,{GUIDS[0]}",
        "user=user_id,item=product_id,timestamp=event_time,genres=category_code",
    ),
    sample(
        "h-and-m",
        "transactions_train.csv",
        "t_dat,customer_id,article_id,price,sales_channel_id",
        "2018-09-20,000058a1,0663713001,0.0508,2\n2018-09-20,000058a1,0541518023,0.0304,2",
        "user=customer_id,item=article_id,timestamp=t_dat",
        siblings=("articles.csv", "customers.csv"),
        items="articles.csv",
        noun="article",
    ),
    Sample(
        "otto",
        "otto-recsys-train.jsonl",
        ["session", "events"],
        [["0", '[{"aid": 1517085, "ts": 1659304800025, "type": "clicks"}]']],
        {"user": "session", "item": "events.aid", "timestamp": "events.ts"},
    ),
    sample(
        "otto-flat",
        "train.parquet",
        "session,aid,ts,type",
        "0,1517085,1659304800025,clicks",
        "user=session,item=aid,timestamp=ts",
    ),
    sample(
        "taobao-user-behavior",
        "UserBehavior.csv",
        "",
        "1,2268318,2520377,pv,1511544070\n1,2333346,2520771,buy,1511561733\n2,2576651,149192,cart,1511572885",
        "user=0,item=1,timestamp=4,genres=2",
    ),
    sample(
        "online-retail",
        "OnlineRetail.csv",
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
        "536365,85123A,WHITE HANGING HEART,6,12/1/2010 8:26,2.55,17850,United Kingdom",
        "user=CustomerID,item=StockCode,timestamp=InvoiceDate,title=Description",
    ),
    sample(
        "kaggle-movielens",
        "rating.csv",
        "userId,movieId,rating,timestamp",
        "1,2,3.5,2005-04-02 23:53:47\n1,29,3.5,2005-04-02 23:31:16",
        "user=userId,item=movieId,rating=rating,timestamp=timestamp",
        siblings=("movie.csv", "tag.csv"),
        items="movie.csv",
        noun="movie",
    ),
    Sample(
        "netflix-blocks",
        "combined_data_1.txt",
        None,
        [["1:"], ["1488844", "3", "2005-09-06"], ["822109", "5", "2005-05-13"], ["2:"]],
        {"user": "1", "item": "0", "rating": "2", "timestamp": "3"},
        ("combined_data_2.txt", "movie_titles.csv"),
        "movie_titles.csv",
        "movie",
    ),
    sample(
        "netflix",
        "netflix.csv",
        "MovieID,CustomerID,Rating,Date",
        "1,1488844,3,2005-09-06",
        "user=CustomerID,item=MovieID,rating=Rating,timestamp=Date",
        noun="movie",
    ),
    sample(
        "anime",
        "rating.csv",
        "user_id,anime_id,rating",
        "1,20,-1\n1,24,8",
        "user=user_id,item=anime_id",
        siblings=("anime.csv",),
        items="anime.csv",
        noun="anime",
    ),
    sample(
        "yambda",
        "listens.parquet",
        "uid,timestamp,item_id,is_organic,played_ratio_pct,track_length_seconds",
        "100,39420,8326270,0,95,170",
        "user=uid,item=item_id,timestamp=timestamp",
        noun="track",
    ),
    sample(
        "yambda-events",
        "multi_event.parquet",
        "uid,timestamp,item_id,is_organic,event_type,played_ratio_pct,track_length_seconds",
        "100,39420,8326270,0,listen,95,170",
        "user=uid,item=item_id,timestamp=timestamp",
        noun="track",
    ),
    Sample(
        "yambda-sequential",
        "likes.parquet",
        ["uid", "timestamps", "item_ids", "is_organic"],
        [["100", "[5, 6]", "[8326270, 1]", "[0, 1]"]],
        {"user": "uid", "item": "item_ids", "timestamp": "timestamps"},
        noun="track",
    ),
    sample(
        "lastfm-1k",
        "userid-timestamp-artid-artname-traid-traname.tsv",
        "",
        f"user_000001\t2009-05-04T23:08:57Z\t{GUIDS[0]}\tDeep Dish\t\tLive 2009\n"
        f'user_000001\t2009-05-04T13:54:10Z\t{GUIDS[1]}\t"Weird Al" Band\t{GUIDS[0]}\tComposition, 7\n'
        f"user_000002\t2009-05-04T13:52:04Z\t{GUIDS[1]}\t坂本龍一\t{GUIDS[1]}\tMc2\n",
        "user=0,item=4,timestamp=1,title=5",
        "\t",
        noun="track",
    ),
    sample(
        "lastfm-360k",
        "usersha1-artmbid-artname-plays.tsv",
        "",
        f"{SHA[0]}\t{GUIDS[0]}\tbetty blowtorch\t2137\n{SHA[0]}\t\tdie Ärzte\t1099\n{SHA[1]}\t{GUIDS[1]}\tmelissa\t897",
        "user=0,item=1,title=2",
        "\t",
        noun="artist",
    ),
    sample(
        "lastfm-2k",
        "user_artists.dat",
        "userID\tartistID\tweight",
        "2\t51\t13883\n2\t52\t11690",
        "user=userID,item=artistID",
        "\t",
        siblings=("artists.dat", "tags.dat"),
        items="artists.dat",
        noun="artist",
    ),
    sample(
        "goodreads-ids",
        "goodreads_interactions.csv",
        "user_id,book_id,is_read,rating,is_reviewed",
        "0,948,1,5,0\n0,947,1,5,1",
        "user=user_id,item=book_id,rating=rating",
        siblings=("goodreads_books.json.gz",),
        noun="book",
    ),
    sample(
        "goodreads",
        "goodreads_interactions_poetry.json.gz",
        "user_id,book_id,review_id,is_read,rating,review_text_incomplete,date_added,date_updated,read_at,started_at",
        "8842281e,1384,1bad0122,True,4,,Wed May 09 09:33:44 -0700 2007,Wed May 09 09:33:44 -0700 2007,,",
        "user=user_id,item=book_id,rating=rating,timestamp=date_added",
        siblings=("goodreads_books_poetry.json.gz",),
        items="goodreads_books_poetry.json.gz",
        noun="book",
    ),
    sample(
        "book-crossing",
        "BX-Book-Ratings.csv",
        "User-ID;ISBN;Book-Rating",
        "276725;034545104X;0\n276726;0155061224;5",
        "user=User-ID,item=ISBN,rating=Book-Rating",
        ";",
        siblings=("BX-Books.csv", "BX-Users.csv"),
        items="BX-Books.csv",
        noun="book",
    ),
    sample(
        "steam-200k",
        "steam-200k.csv",
        "",
        "151603712,The Elder Scrolls V Skyrim,purchase,1.0,0\n151603712,The Elder Scrolls V Skyrim,play,273.0,0\n"
        "59945701,Fallout 4,purchase,1.0,0",
        "user=0,item=1",
        noun="game",
    ),
    sample(
        "steam-reviews",
        "steam_reviews.json.gz",
        "username,hours,products,product_id,page_order,date,text,early_access,page",
        "Chaos Syren,0.1,41,725280,0,2017-12-17,good,False,1",
        "user=username,item=product_id,timestamp=date",
        siblings=("steam_games.json.gz",),
        items="steam_games.json.gz",
        noun="game",
    ),
    sample(
        "steam-australian-reviews",
        "australian_user_reviews.json",
        "user_id,user_url,item_id,posted,recommend",
        "76561197970982479,http://x,1250,Posted November 5 2011.,True",
        "user=user_id,item=item_id,timestamp=posted",
        noun="game",
    ),
    sample(
        "kuairec",
        "small_matrix.csv",
        "user_id,video_id,play_duration,video_duration,time,date,timestamp,watch_ratio",
        "14,148,4381,6067,2020-07-05 05:27:48.378,20200705.0,1593898068.378,0.72",
        "user=user_id,item=video_id,timestamp=timestamp",
        siblings=("kuairec_caption_category.csv",),
        items="kuairec_caption_category.csv",
        noun="video",
    ),
    sample(
        "kuairand",
        "log_standard_4_08_to_4_21_pure.csv",
        "user_id,video_id,date,hourmin,time_ms,is_click,is_like,is_follow,long_view,play_time_ms,duration_ms,tab",
        "0,3,20220421,2200,1650550200000,1,0,0,1,1,2,1",
        "user=user_id,item=video_id,timestamp=time_ms",
        siblings=("video_features_basic_pure.csv",),
        items="video_features_basic_pure.csv",
        noun="video",
    ),
    sample(
        "mind",
        "behaviors.tsv",
        "",
        "1\tU13740\t11/11/2019 9:05:58 AM\tN55189 N42782\tN55689-1 N35729-0\n"
        "2\tU91836\t11/12/2019 6:11:30 PM\t\tN20678-0 N39317-1\n3\tU1\t11/14/2019 7:01:48 AM\tN1\tN50014-0",
        "user=1,timestamp=2,item=3",
        "\t",
        siblings=("news.tsv", "entity_embedding.vec"),
        items="news.tsv",
        noun="article",
    ),
    sample(
        "gowalla",
        "loc-gowalla_totalCheckins.txt.gz",
        "",
        "0\t2010-10-19T23:55:27Z\t30.2359091167\t-97.7951395833\t22847\n"
        "0\t2010-10-18T22:17:43Z\t30.2691029532\t-97.7493953705\t420315\n"
        "1\t2010-10-17T23:42:03Z\t30.2557309927\t-97.7633857727\t316637",
        "user=0,item=4,timestamp=1",
        "\t",
        noun="place",
    ),
    sample(
        "gowalla",
        "loc-brightkite_totalCheckins.txt",
        "",
        "0\t2010-10-17T01:48:53Z\t39.747652\t-104.99251\t88c46bf20db295831bd2d1718ad7e6f5\n"
        "0\t2010-10-16T06:02:04Z\t39.891383\t-105.070814\t7a0f88982aa015062b95e3b4843f9ca2\n"
        "1\t2010-10-16T03:48:54Z\t0.0\t0.0\t00000000000000000000000000000000",
        "user=0,item=4,timestamp=1",
        "\t",
        noun="place",
    ),
    sample(
        "foursquare-2014",
        "dataset_TSMC2014_NYC.txt",
        "",
        "470\t49bbd6c0f964a520f4531fe3\t4bf58dd8d48988d127951735\tArts & Crafts Store\t40.71981\t-74.00258\t-240\t"
        "Tue Apr 03 18:00:09 +0000 2012\n"
        "979\t4a43c0aef964a520c6a61fe3\t4bf58dd8d48988d1df941735\tBridge\t40.6068\t-74.04417\t-240\t"
        "Tue Apr 03 18:00:25 +0000 2012\n"
        "69\t4c5cc7b485a1e21e00d35711\t4bf58dd8d48988d103941735\tCafé\t40.71616\t-73.88307\t-240\t"
        "Tue Apr 03 18:02:24 +0000 2012",
        "user=0,item=1,timestamp=7,genres=3",
        "\t",
        noun="place",
    ),
    sample(
        "yelp",
        "yelp_academic_dataset_review.json",
        "review_id,user_id,business_id,stars,useful,funny,cool,text,date",
        "KU_O5,mh_-eM,XQfwVw,3.0,0,0,0,fine,2018-07-07 22:09:11",
        "user=user_id,item=business_id,rating=stars,timestamp=date",
        siblings=("yelp_academic_dataset_business.json", "yelp_academic_dataset_user.json"),
        items="yelp_academic_dataset_business.json",
        noun="business",
    ),
    sample(
        "food-com",
        "RAW_interactions.csv",
        "user_id,recipe_id,date,rating,review",
        "38094,40893,2003-02-17,4,great",
        "user=user_id,item=recipe_id,rating=rating,timestamp=date",
        siblings=("RAW_recipes.csv",),
        items="RAW_recipes.csv",
        noun="recipe",
    ),
]
