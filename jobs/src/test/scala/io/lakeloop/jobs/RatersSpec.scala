package io.lakeloop.jobs

import io.lakeloop.supportdesk.RaterSimulator
import java.nio.file.Files
import org.apache.spark.sql.Row
import scala.collection.JavaConverters._

/** The simulated raters over several seeds: one lake and queue, a question per seed, one run. */
class RatersSpec extends LoopSpec {
  private val planted = Set("rater-13", "rater-14", "rater-15")

  private def simulate(lake: TestLake, seeds: Seq[Int]): Unit = {
    val landing = lake.root.resolve("landing")
    lake.submit("simulate-logs", "s1", "conversations" -> "2500") shouldBe 0
    lake.submit("ingest-logs", "i1", "path" -> s"$landing/logs.jsonl") shouldBe 0
    lake.submit("clean-logs", "c1", "duplicates.near" -> "false") shouldBe 0
    lake.submit(
      "sample-for-labeling",
      "q1",
      "items" -> "1700",
      "gold-questions" -> s"$landing/gold-questions.jsonl"
    ) shouldBe 0
    val items = lake
      .table("labeling_queue")
      .orderBy("item_id")
      .collect()
      .map { row =>
        new RaterSimulator.Item(
          row.getAs[String]("item_id"),
          row.getAs[String]("prompt"),
          row.getAs[String]("completion_a"),
          row.getAs[String]("completion_b"),
          row.getAs[Boolean]("is_gold")
        )
      }
      .toSeq
    val all = seeds.flatMap { seed =>
      val folder = temporary()
      new RaterSimulator(4, seed).write(folder, items.asJava)
      val lines = Files.readAllLines(folder.resolve("labels.csv")).asScala
      (if (seed == seeds.head) lines.take(1) else Nil) ++
        lines.tail.map(_.replace(",preference,", s",seed-$seed,"))
    }
    val labels = write(temporary(), "labels.csv", all.mkString("\n"))
    lake.submit("ingest-labels", "l1", "path" -> labels.toString) shouldBe 0
  }

  private def check(seeds: Seq[Int]): Unit = {
    val lake = new TestLake()
    simulate(lake, seeds)
    lake.submit("labeler-agreement", "a1", "coefficients.resamples" -> "100") shouldBe 0

    val actions = lake.table("labeler_quality").where("measure = 'action'").collect()
    def blames(row: Row, reason: String): Boolean =
      row.getAs[Seq[String]]("reasons").exists(_.startsWith(reason))
    def found(rater: String, reason: String): Int = actions.count { row =>
      row.getAs[String]("rater_id") == rater && blames(row, reason) &&
      Set("review", "exclude")(row.getAs[String]("action"))
    }
    val honest = actions.filterNot(row => planted(row.getAs[String]("rater_id")))
    val gaps = lake
      .table("labeler_agreement")
      .where("coefficient = 'cohort_gap' AND slice_value = 'all'")
      .collect()
    val pValues = gaps.map(_.getAs[Double]("p_value")).sorted
    info(s"${seeds.size} seeds: spammer ${found("rater-13", "no_skill")}")
    info(s"left ${found("rater-14", "position_bias")}")
    info(s"drifting ${found("rater-15", "drift_down")}")
    info(s"cohort gap: p-values ${pValues.map(p => f"$p%.1e").mkString(" ")}")
    for (reason <- Seq("no_skill", "position_bias", "straight", "too_", "self", "drift", "gold")) {
      info(s"honest raters blamed for $reason: ${honest.count(blames(_, reason))}/${honest.length}")
    }
    found("rater-13", "no_skill") shouldBe seeds.size
    found("rater-14", "position_bias") shouldBe seeds.size
    found("rater-15", "drift_down") shouldBe seeds.size
    pValues should have length seeds.size
    pValues.max should be < 0.05
    gaps.map(_.getAs[Double]("value")).min should be > 0.0
    honest.filter(_.getAs[String]("action") == "exclude") shouldBe empty
    honest.filter(blames(_, "no_skill")) shouldBe empty
  }

  describe("labeler-agreement") {
    it("finds the planted raters and the cohorts' tastes, and calls no honest rater a spammer") {
      check(1 to 2)
    }

    it("does so over twenty seeds", Slow) {
      check(1 to 20)
    }
  }
}
