package io.lakeloop.jobs

import io.lakeloop.config.{Name, UserError}
import io.lakeloop.registry.LocalArtifactStore
import io.lakeloop.run.Environments
import io.lakeloop.table.{LedgerTables, ReadOnlySql}
import java.io.{ByteArrayOutputStream, PrintStream}
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.Files
import org.apache.spark.sql.delta.DeltaLog
import org.apache.spark.sql.functions.{expr, lit}
import scala.collection.JavaConverters._

/** What runs owe each other: nothing comes twice, nothing deleted comes back, nobody's file is
  * overwritten, and a run that died is told of.
  */
class RunsSpec extends LoopSpec {
  private def record(n: Int, user: String) =
    s"""{"conversation_id":"c$n","user_id":"$user","created_at":"2026-01-02T10:00:00Z",
       |"prompt":"Where is parcel $n?","completion":"On its way, number $n.","consent":true}""".stripMargin
      .replace("\n", "")

  private def ingested() = {
    val lake = new TestLake()
    val records = (0 until 12).map(n => record(n, if (n % 3 == 0) "eve" else s"u$n"))
    val file = write(temporary(), "logs.jsonl", records.mkString("\n"))
    lake.submit("ingest-logs", "i1", "path" -> file.toString) shouldBe 0
    lake
  }

  describe("a run of clean-logs") {
    it("does not bring back what was deleted since it read it") {
      val lake = ingested()
      lake.submit("clean-logs", "c1") shouldBe 0
      val requests = write(temporary(), "requests.jsonl", """{"user_id":"eve"}""")
      lake.submit("enforce-retention", "e1", "requests" -> requests.toString) shouldBe 0
      lake.count("interactions") shouldBe 8
      lake.clearOutput()
      lake.submit("clean-logs", "c1") shouldBe 2
      lake.output should include("must not come back")
      lake.count("interactions") shouldBe 8
    }

    it("takes nothing that another took while it was stopped") {
      val lake = ingested()
      lake.submit("clean-logs", "c1", "create-subject-key" -> "false") shouldBe 2
      lake.submit("clean-logs", "c2") shouldBe 0
      lake.count("interactions") shouldBe 12
      lake.submit("clean-logs", "c1", "create-subject-key" -> "false") shouldBe 2
      lake.output should include("the input holds no record")
      lake.count("interactions") shouldBe 12
    }
  }

  describe("an export") {
    it("replaces its own files and nobody else's") {
      val lake = ingested()
      val pairs = write(
        temporary(),
        "pairs.jsonl",
        (0 until 30).map(n => s"""{"prompt":"p$n","chosen":"yes","rejected":"no"}""").mkString("\n")
      )
      lake.submit(
        "import-preferences",
        "p1",
        "format" -> "trl",
        "path" -> pairs.toString
      ) shouldBe 0
      val folder = temporary()
      write(folder, "precious.txt", "precious")
      lake.submit("export", "x1", "format" -> "parquet", "path" -> folder.toString) shouldBe 2
      lake.output should include("it exists, and no run of this lake has made it")
      Files.readString(folder.resolve("precious.txt")) shouldBe "precious"
      val precious = folder.resolve("precious.txt").toString
      lake.submit("export", "x2", "format" -> "trl", "path" -> precious) shouldBe 2
      Files.readString(folder.resolve("precious.txt")) shouldBe "precious"
      for (
        (id, format, name) <- Seq(("x3", "parquet", "new"), ("x4", "trl", "new.jsonl")); _ <- 1 to 2
      ) {
        lake.submit(
          "export",
          id,
          "format" -> format,
          "path" -> folder.resolve(name).toString
        ) shouldBe 0
      }
      SharedSpark.session.read.parquet(folder.resolve("new").toString).count() shouldBe 30
    }
  }

  describe("a command line") {
    it("cannot put other settings in the place of an environment's") {
      val error =
        intercept[UserError](Main.invocation("--conf", "a", "--env", "prod", "--conf", "b"))
      error.getMessage should include("--conf is given twice")
    }
  }

  describe("a lake that is damaged") {
    it("is told of in a line that names the file, by jobs and by SQL") {
      def files(lake: TestLake, suffix: String) = Files
        .walk(lake.root.resolve("tables/interactions_raw"))
        .iterator()
        .asScala
        .filter(_.toString.endsWith(suffix))
        .toSeq
        .sortBy(_.toString)
      val gone = ingested()
      files(gone, ".parquet").foreach(Files.delete)
      gone.submit("clean-logs", "c1") shouldBe 2
      gone.output should include(".parquet: it is damaged or gone")
      gone.output should not include "Exception"

      val torn = ingested()
      val last = files(torn, ".json").last
      Files.writeString(last, Files.readString(last).take(200))
      (files(torn, ".crc")).foreach(Files.delete)
      DeltaLog.clearCache()
      torn.submit("clean-logs", "c1") shouldBe 2
      torn.output should include(s"${last.getFileName}: it is damaged or gone")
      val error = intercept[Exception](torn.sql("SELECT * FROM interactions_raw").collect())
      ReadOnlySql.failure(error).get.getMessage should include("it is damaged or gone")
    }
  }

  describe("status") {
    it("tells of a run whose driver died, and how to go on") {
      val lake = ingested()
      def status() = {
        val out = new ByteArrayOutputStream()
        val environment = new Environments.Environment(
          null,
          lake.lake,
          new LocalArtifactStore(lake.root.resolve("registry"))
        )
        StatusCommand.run(
          Main.invocation("--lake", "L"),
          environment,
          new PrintStream(out, true, UTF_8)
        )
        out.toString(UTF_8)
      }
      status() should include("every run has ended")
      val dead = lake
        .table("runs")
        .withColumn("run_id", lit("dead"))
        .withColumn("status", lit("STARTED"))
        .withColumn("finished_at", expr("CAST(NULL AS timestamp)"))
      lake.lake.replace(LedgerTables.RUNS, Name.parse("dead"), dead, "dead")
      status() should include("died     dead, a run of ingest-logs")
      status() should include("submit ingest-logs --env local --run-id dead --lake L")
    }
  }
}
