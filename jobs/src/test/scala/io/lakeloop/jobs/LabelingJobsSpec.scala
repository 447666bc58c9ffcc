package io.lakeloop.jobs

import java.nio.file.{Files, Paths}
import org.apache.spark.sql.Row

class LabelingJobsSpec extends LoopSpec {

  /** Krippendorff (2011), example C, as long CSV with other column names. */
  private val published = {
    val observers = Seq(
      "1 2 3 3 2 1 4 1 2 . . .",
      "1 2 3 3 2 2 4 1 2 5 . 3",
      ". 3 3 3 2 3 4 2 2 5 1 .",
      "1 2 3 3 2 4 4 1 2 5 1 ."
    ).map(_.split(" "))
    val rows = for {
      (values, rater) <- observers.zipWithIndex
      (value, unit) <- values.zipWithIndex
      if value != "."
    } yield s"""u$unit,r$rater,$value,"said ""so"", he did""""
    ("unit,observer,code,note" +: rows).mkString("\n")
  }

  private def coefficient(lake: TestLake, name: String): Row =
    lake
      .table("labeler_agreement")
      .where(s"slice_kind = 'all' AND coefficient = '$name' AND weights = 'identity'")
      .first()

  describe("ingest-labels and labeler-agreement") {
    it("reproduce a published alpha from a file with names of its own") {
      val lake = new TestLake()
      val path = write(temporary(), "published.csv", published)
      val columns = "item_id=unit,rater_id=observer,value=code,comment=note"
      lake.submit("ingest-labels", "l1", "path" -> path.toString, "columns" -> columns) shouldBe 0
      lake.count("labels") shouldBe 41
      lake.count("labels", "comment = 'said \"so\", he did'") shouldBe 41

      lake.submit("labeler-agreement", "a1") shouldBe 0
      val alpha = coefficient(lake, "krippendorff_alpha")
      alpha.getAs[Double]("value") shouldBe 0.743 +- 0.0005
      alpha.getAs[Double]("ci_low") should be < 0.743
      alpha.getAs[Double]("ci_high") should be > 0.743
      alpha.getAs[Long]("items") shouldBe 11

      val before = Seq("labeler_agreement", "labeler_quality", "item_consensus").map(lake.rows)
      lake.submit("labeler-agreement", "a1") shouldBe 0
      Seq("labeler_agreement", "labeler_quality", "item_consensus").map(lake.rows) shouldBe before
    }

    it("take an answer in once, however often its file comes") {
      val lake = new TestLake()
      val path = write(
        temporary(),
        "labels.csv",
        """item_id,rater_id,value,submitted_at,confidence
          |i1,r1,a,2026-01-01T00:00:00Z,0.5
          |i1,r1,a,2026-01-01T00:00:00Z,0.5
          |i1,r2,,2026-01-01T00:00:00Z,
          |i2,r1,b,yesterday,
          |i2,r2,b,2026-01-01T00:00:00Z,2
          |i3,r1
          |i3,r2,b,,
          |""".stripMargin
      )
      val settings = Seq("path" -> path.toString, "max-quarantined-share" -> "0.9")
      lake.submit("ingest-labels", "l1", settings: _*) shouldBe 0
      lake.count("labels") shouldBe 2
      lake
        .table("quarantine")
        .select("line", "reason_code")
        .collect()
        .map(r => r.getLong(0) -> r.getString(1))
        .toMap shouldBe Map(
        3L -> "REPEATED_LABEL",
        4L -> "MISSING_FIELD",
        5L -> "BAD_TIME",
        6L -> "OUT_OF_RANGE",
        7L -> "WRONG_COLUMNS"
      )
      lake.submit("ingest-labels", "l2", settings: _*) shouldBe 0
      lake.count("labels") shouldBe 2
    }

    it("say which column a file lacks") {
      val lake = new TestLake()
      val path = write(temporary(), "labels.csv", "item,rater_id,value\n1,2,3\n")
      lake.submit("ingest-labels", "l1", "path" -> path.toString) shouldBe 2
      lake.output should include(
        "it has no column 'item_id' for item_id, only item, rater_id, value"
      )
      lake.submit("labeler-agreement", "a1") shouldBe 2
      lake.output should include(
        "the lake " + lake.root + " has no such table. Run ingest-labels first."
      )
    }

    it("agree with the value of the UKP judgments where these are at hand") {
      val judgments = Paths.get("..", "..", "shared", "data", "ukpconvarg1", "judgments.csv.gz")
      assume(Files.exists(judgments), "the UKP judgments are not at hand")
      val lake = new TestLake()
      lake.submit(
        "ingest-labels",
        "l1",
        "path" -> judgments.toAbsolutePath.normalize.toString,
        "columns" -> "item_id=pair_id,rater_id=worker,value=choice,started_at=accept_time,submitted_at=submit_time"
      ) shouldBe 0
      lake.count("labels") shouldBe 68760
      lake.submit("labeler-agreement", "a1") shouldBe 0
      val alpha = coefficient(lake, "krippendorff_alpha")
      alpha.getAs[Double]("value") shouldBe 0.27039 +- 0.00001
      alpha.getAs[Long]("items") shouldBe 13782
    }
  }
}
