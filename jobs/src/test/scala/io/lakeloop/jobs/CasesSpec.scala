package io.lakeloop.jobs

import java.nio.file.{Files, Path, Paths}
import org.apache.spark.sql.Row
import scala.collection.JavaConverters._

/** Inputs that once came out wrong, through the jobs, where they are at hand. */
class CasesSpec extends LoopSpec {
  private val cases = Paths.get("..", "..", "shared", "cases").toAbsolutePath.normalize

  private def files(number: String): Seq[Path] = {
    val folder = Files.list(cases).iterator.asScala.find(_.getFileName.toString.startsWith(number))
    Files
      .list(folder.get)
      .iterator
      .asScala
      .filter(f => f.toString.matches(".*\\.(jsonl|json|csv|gz)") && !f.endsWith("got.jsonl"))
      .toSeq
  }

  private def together(numbers: String*): Path = {
    assume(Files.exists(cases), "the cases are not at hand")
    val folder = temporary()
    for (number <- numbers; file <- files(number))
      Files.copy(file, folder.resolve(s"$number-${file.getFileName}"))
    folder
  }

  private def messages(row: Row) = row
    .getSeq[Row](row.fieldIndex("messages"))
    .map(m => m.getString(0) -> m.getString(1))

  it("logs: every answer with its history, its parts and its people, or a reason") {
    val lake = new TestLake()
    val folder = together(
      Seq("01", "02", "04", "05", "06", "12", "13", "14", "28", "29", "33", "34", "h03", "h05"): _*
    )
    val settings = Seq(
      "path" -> folder.toString,
      "max-quarantined-share" -> "1",
      "consent" -> "training,labeling,evaluation"
    )
    lake.submit("ingest-logs", "i", settings: _*) shouldBe 0
    lake.submit("clean-logs", "c", "max-quarantined-share" -> "1") shouldBe 0
    val rows = lake.table("interactions").collect()
    def turns(conversation: String) = rows
      .filter(_.getAs[String]("conversation_id") == conversation)
      .sortBy(_.getAs[Int]("turn"))
      .toSeq
    def one(conversation: String) = {
      withClue(conversation)(turns(conversation) should have size 1)
      turns(conversation).head
    }
    def prompt(row: Row) = row.getAs[String]("prompt")
    def completion(row: Row) = row.getAs[String]("completion")

    completion(one("a01")) shouldBe "Open Billing, choose the invoice and press Correct."
    messages(one("a01")).head._1 shouldBe "assistant"
    completion(one("a02")) shouldBe "Yes, within five working days."
    completion(one("a03")) shouldBe "It is minus three degrees in Oslo."
    one("a03").getSeq[Row](one("a03").fieldIndex("tool_calls")).head.getString(2) should include(
      "-3"
    )
    completion(one("a08")) shouldBe "A DisplayPort cable of version 1.4 fits it."
    prompt(one("a05")) should include("<image>")
    one("a05").getSeq[String](one("a05").fieldIndex("parts")) shouldBe Seq("image")
    for (id <- Seq("d01", "d02", "d05", "d06", "d13", "d14"))
      withClue(id)(one(id).getAs[String]("duplicate_of") shouldBe null)
    prompt(one("p08")) shouldBe "Mein Konto ist <IBAN_1> bei der Bank."
    prompt(one("p17")) should include("email=<EMAIL_1>&lang=en")
    for (id <- Seq("p13", "p40"))
      withClue(id)(prompt(one(id)) should not include "<")
    prompt(one("p32")) should include("10.0.19045.3803")
    for (id <- Seq("a09", "a10", "a18", "a19"))
      withClue(id)(
        one(id).getAs[java.sql.Timestamp]("created_at").toString should startWith("2026-01-05")
      )
    completion(one("a14")) shouldBe "No, from Monday to Friday only."
    rows.count(completion(_).startsWith("LASTANSWER")) shouldBe 1
    rows.count(completion(_) == "First answer about tea leaves.") shouldBe 1
    for (words <- Seq("Lima", "Otters", "Owls", "Bees"))
      withClue(words)(rows.count(completion(_).contains(words)) shouldBe 1)
    lake.count("quarantine", "reason_code = 'NO_PROMPT' AND reason LIKE '%custom_id%'") shouldBe 1
    lake.count("quarantine", "reason_code = 'MALFORMED_JSON'") shouldBe 0

    // Four conversations that share their last words share nothing to compare.
    turns("k0") should have size 2
    lake.submit("sample-for-labeling", "q", "items" -> "10") should not be 0
    lake.output should include("behind the same history")
  }

  it("pairs: TRL's forms, ShareGPT's, and transcripts that part too early") {
    val lake = new TestLake()
    val folder = together("07", "09", "h06", "h10")
    lake.submit(
      "import-preferences",
      "p",
      "path" -> folder.toString,
      "max-quarantined-share" -> "1"
    ) shouldBe 0
    val chosen = lake
      .table("preferences")
      .select("prompt", "chosen")
      .collect()
      .map(r => r.getString(0) -> r.getString(1))
    for (
      pair <- Seq(
        "Where is Oslo?" -> "In Norway.",
        "What is ice?" -> "Frozen water, that is all.",
        "What is steam?" -> "Water as a gas.",
        "Sky? It is" -> "blue.",
        "What is fog?" -> "A cloud on the ground.",
        "What is hail?" -> "Balls of ice.",
        "What is dew?" -> "Drops of water on grass.",
        "What is frost?" -> "Ice on a surface.",
        "What is snow?" -> "Crystals of ice.",
        "What is sleet?" -> "Rain and snow."
      )
    ) withClue(pair)(chosen should contain(pair))
    lake.count("quarantine", "reason_code = 'NO_COMMON_PROMPT'") shouldBe 2
    lake.count("quarantine", "reason_code = 'NOTHING_TO_CHOOSE'") shouldBe 1
    lake.count("quarantine", "reason_code = 'UNPAIRED'") shouldBe 1
  }

  it("labels: Label Studio's, Argilla's, numbers in two forms, a column called question") {
    val lake = new TestLake()
    def ingest(run: String, path: Path, settings: (String, String)*) = lake.submit(
      "ingest-labels",
      run,
      Seq("path" -> path.toString, "max-quarantined-share" -> "1") ++ settings: _*
    ) shouldBe 0
    def values(run: String) = lake
      .table("labels")
      .where(s"run_id = '$run'")
      .select("item_id", "rater_id", "value")
      .collect()
      .map(r => (r.getString(0), r.getString(1), r.getString(2)))
      .toSet

    ingest("ls", together("15", "18"))
    values("ls") shouldBe Set(("17", "3", "a"), ("i2", "4", "b"))
    lake.count("quarantine", "run_id = 'ls'") shouldBe 2
    ingest("argilla", together("19", "h08"))
    values("argilla").count(_._3 == "good") should be >= 4
    values("argilla") should contain allOf (("a1", "u1", "good"), ("a1", "u2", "bad"))
    ingest("tie", together("32"), "values" -> "a=b=tie,a>b=a,b>a=b")
    values("tie").map(v => v._2 -> v._3) shouldBe Set("u1" -> "tie", "u2" -> "a")
    ingest("times", together("21"))
    lake.count("labels", "run_id = 'times'") should be >= 13L
    ingest("days", together("h09"))
    lake.count("labels", "run_id = 'days' AND item_id = 'i1'") +
      lake.count("quarantine", "run_id = 'days'") shouldBe 2
    ingest(
      "column",
      together("h13"),
      "columns" -> "item_id=question,rater_id=rater,value=judgment",
      "question" -> "kg"
    )
    lake.count(
      "labels",
      "run_id = 'column' AND question = 'kg' AND item_id IN ('1', '2')"
    ) shouldBe 4
    ingest("numbers", together("31"))
    lake
      .table("labels")
      .where("run_id = 'numbers'")
      .select("value")
      .distinct()
      .collect()
      .map(_.getString(0))
      .toSet shouldBe Set("1", "2", "3", "4", "5")
  }

  it("marked texts: the same compressed") {
    val folder = together("h12")
    val lake = new TestLake()
    for (name <- Seq("one.json", "one.json.gz"))
      lake.submit(
        "evaluate-redaction",
        name.replace(".", "-"),
        "path" -> folder.resolve("h12-" + name).toString
      ) shouldBe 0
    val found =
      lake.table("evaluations").select("run_id", "slice_value", "metric", "value").collect()
    val byRun = found.groupBy(_.getString(0)).map(_._2.map(_.toSeq.tail).toSet)
    byRun.toSet should have size 1
  }
}
