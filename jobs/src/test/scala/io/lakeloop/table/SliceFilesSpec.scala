package io.lakeloop.table

import io.lakeloop.config.Name
import io.lakeloop.jobs.SharedSpark
import java.nio.file.Files
import java.sql.Timestamp
import org.apache.spark.sql.functions.col
import org.scalatest.funspec.AnyFunSpec
import org.scalatest.matchers.should.Matchers
import scala.collection.JavaConverters._

class SliceFilesSpec extends AnyFunSpec with Matchers {
  private val table = TrainingTables.TRAINING_METRICS

  private class Steps {
    val lake = new Lake(SharedSpark.session, Files.createTempDirectory("lakeloop").toString)

    private def rows(run: String, value: Double) = new TableRows(table)
      .add(
        Map[String, AnyRef](
          "run_id" -> run,
          "phase" -> "sft",
          "step" -> Long.box(0),
          "metric" -> "loss",
          "value" -> Double.box(value),
          "at" -> new Timestamp(0)
        ).asJava
      )
      .dataset(SharedSpark.session)

    def write(run: String, value: Double): Lake.Commit =
      lake.replace(table, Name.parse(run), rows(run, value), s"$run $value")

    def write(run: String, value: Double, last: Lake.Commit): Lake.Commit =
      lake.replace(table, Name.parse(run), rows(run, value), s"$run $value", last)

    def values: Map[String, Seq[Double]] = lake
      .read(table)
      .select(col("run_id"), col("value"))
      .collect()
      .toSeq
      .groupBy(_.getString(0))
      .map { case (run, found) => run -> found.map(_.getDouble(1)) }
  }

  describe("a slice") {
    it("is replaced by whoever wrote it last, and no other with it") {
      val steps = new Steps
      val first = steps.write("a", 1)
      steps.write("b", 2)
      val second = steps.write("a", 3, first)
      second.rows shouldBe 1
      steps.write("a", 4, second)
      steps.values shouldBe Map("a" -> Seq(4.0), "b" -> Seq(2.0))
    }

    it("is one's own, where somebody else has written to it in between") {
      val steps = new Steps
      val first = steps.write("a", 1)
      steps.write("a", 2)
      steps.write("a", 3, first)
      steps.lake.delete(table, col("run_id").equalTo("a"), "deletion")
      steps.write("a", 4, first)
      steps.values shouldBe Map("a" -> Seq(4.0))
    }
  }
}
