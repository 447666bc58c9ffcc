package io.lakeloop.jobs

import io.lakeloop.config.{ErrorCode, UserError}
import io.lakeloop.feedback.{ParquetFiles, SourceFile}
import java.nio.file.{Files, Path, StandardCopyOption}
import java.time.LocalDate
import org.apache.hadoop.fs.{Path => HadoopPath}
import org.apache.parquet.example.data.Group
import org.apache.parquet.example.data.simple.SimpleGroup
import org.apache.parquet.hadoop.example.ExampleParquetWriter
import org.apache.parquet.io.api.Binary
import org.apache.parquet.schema.MessageTypeParser
import scala.collection.JavaConverters._
import scala.util.Random
import scala.util.control.NonFatal

/** Parquet as other tools write it, and as it comes out of accidents. */
class ParquetSpec extends LoopSpec {
  private val files = 80

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

  /** A file of one row of a schema that Spark itself would not write. */
  private def foreign(fields: String)(fill: Group => Group): Path = {
    val schema = MessageTypeParser.parseMessageType(
      "message m { required binary item_id (UTF8); required binary rater_id (UTF8);" +
        s" required binary value (UTF8); $fields }"
    )
    val file = temporary().resolve("foreign.parquet")
    val writer =
      ExampleParquetWriter.builder(new HadoopPath(file.toString)).withType(schema).build()
    val row = new SimpleGroup(schema)
    row.append("item_id", "i1").append("rater_id", "r1").append("value", "a")
    writer.write(fill(row))
    writer.close()
    file
  }

  private def ingest(lake: TestLake, run: String, file: Path, settings: (String, String)*): Int = {
    lake.clearOutput()
    val all = Seq("path" -> file.toString, "format" -> "long-parquet") ++ settings
    lake.submit("ingest-labels", run, all: _*)
  }

  describe("Labels in Parquet") {
    lazy val lake = new TestLake()

    for (
      (kind, why, file) <- Seq[(String, String, () => Path)](
        (
          "a time of day in microseconds",
          "TIME",
          () =>
            foreign("required int64 submitted_at (TIME(MICROS,true));")(
              _.append("submitted_at", 1L)
            )
        ),
        (
          "a column twice",
          "comment",
          () =>
            foreign("optional binary comment (UTF8); optional binary COMMENT (UTF8);")(
              _.append("comment", "x").append("COMMENT", "y")
            )
        ),
        (
          "a column _Metadata",
          "a column is called _Metadata",
          () => foreign("optional binary _Metadata (UTF8);")(_.append("_Metadata", "x"))
        ),
        (
          "a name that Spark passes over",
          "Spark passes over a file of that name",
          () => {
            val file = foreign("")(identity)
            Files.move(file, file.resolveSibling("_labels.parquet"))
          }
        )
      )
    ) it(s"are refused in a line where a file is or has $kind") {
      val code = ingest(lake, "no-" + kind.hashCode.abs, file())
      withClue(lake.output) {
        code shouldBe 2
        lake.output.linesIterator.toSeq.last should startWith("Cannot read the Parquet of file:")
        lake.output should include(why)
        lake.output should not include "Exception"
      }
    }

    it("are read whatever their columns are called") {
      val odd = parquet(
        "SELECT 'i1' AS item_id, 'r1' AS `who``s.there`, 'a' AS value, 'x' AS source_file, 9 AS line"
      )
      // Beside one that the name of the other, read as a glob, would find.
      val named = Files.move(odd, odd.resolveSibling("[12] labels*.parquet"))
      val other = Files.copy(named, named.resolveSibling("1 labels.parquet"))
      val columns = "rater_id=who`s.there,comment=line,batch=line"
      val code =
        ingest(lake, "odd", odd.getParent, "columns" -> columns, "max-quarantined-share" -> "1")
      withClue(lake.output)(code shouldBe 0)
      val row = lake.table("labels").where("run_id = 'odd'").first()
      row.getAs[String]("rater_id") shouldBe "r1"
      row.getAs[String]("comment") shouldBe "9"
      row.getAs[String]("source_file") should startWith("file:")
      lake
        .table("runs")
        .where("run_id = 'odd'")
        .selectExpr("inline(inputs)")
        .collect()
        .map(input => input.getAs[String]("file") -> input.getAs[Long]("found"))
        .toSet shouldBe Set(s"file:$named" -> 1, s"file:$other" -> 1)
    }

    it("are taken in by a second attempt where what they lie on fails, or they change") {
      SharedSpark.session.sparkContext.hadoopConfiguration
        .set("fs.unsteady.impl", classOf[UnsteadyFileSystem].getName)
      val few = "SELECT 'i' || id AS item_id, 'r' AS rater_id, 'a' AS value FROM range(30)"
      val (first, second) = (parquet(few), parquet(few + " WHERE id > 9"))
      val file = temporary().resolve("few.parquet")
      Files.copy(first, file)
      def attempt() = {
        lake.clearOutput()
        val path = "path" -> s"unsteady://$file"
        lake.submit(
          "ingest-labels",
          "unsteady",
          path,
          "format" -> "long-parquet",
          "question" -> "few"
        )
      }
      // The digest, the footer, and the rows.
      for (opening <- 0 to 2) {
        UnsteadyFileSystem.at(opening)(_ => UnsteadyFileSystem.broken)
        attempt() shouldBe 75
        lake.output should not include "Exception"
      }
      UnsteadyFileSystem.at(2) { opened =>
        Files.copy(second, file, StandardCopyOption.REPLACE_EXISTING)
        opened
      }
      attempt() shouldBe 75
      lake.output should include("it changed while it was read")
      UnsteadyFileSystem.becomesSteady()
      val code = attempt()
      withClue(lake.output)(code shouldBe 0)
      lake.count("labels", "run_id = 'unsteady'") shouldBe 20
    }

    it("are read however old their days are") {
      val day = LocalDate.of(1066, 10, 14)
      val old = foreign("required int32 comment (DATE);")(_.append("comment", day.toEpochDay.toInt))
      withClue(lake.output)(ingest(lake, "old", old, "question" -> "old") shouldBe 0)
      lake.table("labels").where("run_id = 'old'").first().getAs[String]("comment") shouldBe
        day.toString
    }
  }

  it("Pairs in Parquet are refused in a line where a page is damaged") {
    val file = parquet("SELECT 'p' || id AS prompt, 'c' AS chosen, 'r' AS rejected FROM range(99)")
    val bytes = Files.readAllBytes(file)
    bytes(60) = (bytes(60) ^ 0x55).toByte
    Files.write(file, bytes)
    val lake = new TestLake()
    def imported() =
      lake.submit("import-preferences", "p1", "path" -> s"$file", "format" -> "long-parquet")
    withClue(lake.output) {
      imported() shouldBe 2
      lake.output.linesIterator.toSeq.last should startWith("Cannot read the Parquet of file:")
    }
    // Mended, the file is taken in under the same id.
    bytes(60) = (bytes(60) ^ 0x55).toByte
    Files.write(file, bytes)
    withClue(lake.output)(imported() shouldBe 0)
    lake.count("preferences") shouldBe 99
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
            told.getMessage should not include regex("good|676f6f64")
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
