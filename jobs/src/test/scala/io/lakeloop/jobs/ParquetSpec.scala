package io.lakeloop.jobs

import io.lakeloop.config.{ErrorCode, UserError}
import io.lakeloop.feedback.{ParquetFiles, SourceFile}
import java.nio.file.{Files, Path}
import scala.collection.JavaConverters._
import scala.util.Random
import scala.util.control.NonFatal

/** Parquet as other tools write it, and as it comes out of accidents. */
class ParquetSpec extends LoopSpec {
  private val files = 120

  private def spark = SharedSpark.session

  /** The one file that Spark writes of the query's rows. */
  private def parquet(query: String, options: (String, String)*): Path = {
    val folder = temporary().resolve("of")
    spark.sql(query).coalesce(1).write.options(options.toMap).parquet(folder.toString)
    Files.list(folder).iterator.asScala.find(_.toString.endsWith(".parquet")).get
  }

  private val labels =
    "SELECT 'i' || id AS item_id, 'r' || (id % 5) AS rater_id, IF(id % 2 = 0, 'a', 'b') AS value" +
      ", repeat('good ', CAST(id % 9 AS INT)) AS comment, id * 1.5 AS confidence" +
      ", timestamp_seconds(id) AS submitted_at, array(id, id + 1) AS times, map('k', id) AS m" +
      " FROM range(300)"

  private def mutated(bytes: Array[Byte], random: Random): Array[Byte] = {
    val out = bytes.clone()
    // The footer says where all else is: it is hit as often as all else.
    def place() =
      if (random.nextBoolean()) random.nextInt(out.length)
      else out.length - 1 - random.nextInt(math.min(out.length, 3000))
    for (_ <- 0 to random.nextInt(6)) out(place()) = random.nextInt().toByte
    random.nextInt(6) match {
      case 0 => out.take(place())
      case 1 =>
        val (from, to, length) = (place(), place(), random.nextInt(64))
        System.arraycopy(
          bytes,
          from,
          out,
          to,
          math.min(length, out.length - math.max(from, to))
        )
        out
      case _ => out
    }
  }

  it("Damaged Parquet is read, or refused in a line") {
    val sound = Seq(
      parquet(labels),
      parquet(labels, "compression" -> "none", "parquet.enable.dictionary" -> "false"),
      parquet(labels, "compression" -> "gzip", "parquet.writer.version" -> "v2"),
      parquet(labels, "compression" -> "zstd", "parquet.page.size" -> "200")
    ).map(Files.readAllBytes)
    val file = temporary().resolve("labels.parquet")
    val source = Seq(new SourceFile("file:" + file, "labels.parquet", 0, "")).asJava
    val outcomes = (0 until files).map { n =>
      Files.write(file, mutated(sound(n % sound.size), new Random(n)))
      try {
        val read = new ParquetFiles(spark, source)
        read.texts(read.columns).collect()
        "read"
      } catch {
        case NonFatal(e) =>
          val told = Iterator
            .iterate[Throwable](e)(_.getCause)
            .takeWhile(_ != null)
            .collectFirst { case told: UserError => told }
            .getOrElse(fail(s"file $n", e))
          told.code shouldBe ErrorCode.INPUT_UNREADABLE
          withClue(told.getMessage) {
            told.getMessage.linesIterator.size shouldBe 1
            told.getMessage should startWith("Cannot read the Parquet of labels.parquet: ")
          }
          "refused"
      }
    }
    val counted = outcomes.groupBy(identity).map { case (outcome, all) => outcome -> all.size }
    info(counted.toString)
    counted.keySet shouldBe Set("read", "refused")
  }
}
