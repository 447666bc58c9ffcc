package io.lakeloop.jobs

import io.lakeloop.config.{Digest, Name, UserError}
import io.lakeloop.registry.LocalArtifactStore
import io.lakeloop.run.Environments
import io.lakeloop.table.{LedgerTables, ReadOnlySql}
import java.io.{ByteArrayOutputStream, PrintStream}
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.Files
import java.util.Optional
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit.MILLISECONDS
import org.apache.spark.sql.delta.DeltaLog
import org.apache.spark.sql.functions.{expr, lit}
import scala.collection.JavaConverters._

/** What runs owe each other: nothing comes twice, nothing deleted comes back, nobody's file is
  * overwritten, and a run that died is told of.
  */
class RunsSpec extends LoopSpec {
  private def record(n: Int, user: String) =
    s"""{"conversation_id":"c$n","user_id":"$user","created_at":"2026-01-02T10:00:00Z",
       |"prompt":"Where is parcel ${n % 2}?","completion":"On its way, number $n.","consent":true}""".stripMargin
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

  describe("deletions and readers") {

    /** A lease that gives signs of life while the work is done. */
    def beside[T](lake: TestLake, lease: String)(work: => T): T = {
      val store = new LocalArtifactStore(lake.root.resolve("registry"))
      val name = s"leases/$lease.json"
      def record(beat: Int) =
        s"""{"host":"elsewhere","space":"other","process":1,"started":1,"nonce":"n","beat":$beat}"""
      store.replaceRecord(name, Optional.empty(), record(0)) shouldBe true
      val stop = new CountDownLatch(1)
      val beats = new Thread(() => {
        var beat = 0
        while (!stop.await(100, MILLISECONDS)) {
          store.replaceRecord(name, Optional.of(record(beat)), record(beat + 1))
          beat += 1
        }
        store.removeRecord(name, record(beat))
        ()
      })
      beats.start()
      try work
      finally {
        stop.countDown()
        beats.join()
      }
    }

    val requests = write(temporary(), "requests.jsonl", """{"user_id":"eve"}""").toString
    def ofEve(lake: TestLake) = lake.count("interactions", s"subject_key = '${eve(lake)}'")
    def eve(lake: TestLake) = lake
      .table("interactions_raw")
      .where("payload LIKE '%\"eve\"%'")
      .select("record_id")
      .join(lake.table("interactions"), "record_id")
      .select("subject_key")
      .first()
      .getString(0)

    it("keep apart: who reads waits for who deletes, who deletes for who reads") {
      val lake = ingested()
      lake.submit("clean-logs", "c1", "duplicates.near" -> "false") shouldBe 0
      val digest = Digest.of(lake.lake.root).substring(0, 12)
      beside(lake, s"any-deletion-$digest") {
        lake.submit("sample-for-labeling", "s1", "items" -> "9") shouldBe 75
        lake.output should include("Cannot run s1 now: a run that deletes is at work")
      }
      val reader = lake
        .table("runs")
        .where("run_id = 'c1'")
        .withColumn("run_id", lit("reader"))
        .withColumn("status", lit("STARTED"))
      lake.lake.replace(LedgerTables.RUNS, Name.parse("reader"), reader, "reader")
      beside(lake, "reader") {
        lake.submit("enforce-retention", "e1", "requests" -> requests) shouldBe 75
        lake.output should include("Cannot run e1 now: the run reader of clean-logs is at work")
      }
      ofEve(lake) shouldBe 4
      withClue(lake.output)(lake.submit("sample-for-labeling", "s1", "items" -> "9") shouldBe 0)
      lake.submit("enforce-retention", "e1", "requests" -> requests) shouldBe 0
      lake.count("interactions") shouldBe 8
    }

    it("leave nothing where others wrote between two attempts of a deletion") {
      val lake = ingested()
      lake.submit("clean-logs", "c1", "duplicates.near" -> "false") shouldBe 0
      val key = temporary().resolve("late-key")
      val settings = Seq("requests" -> requests, "subject-key-file" -> key.toString)
      lake.submit("enforce-retention", "e1", settings: _*) shouldBe 2
      withClue(lake.output)(lake.submit("sample-for-labeling", "s1", "items" -> "9") shouldBe 0)
      val own = lake
        .table("interactions")
        .where(s"subject_key = '${eve(lake)}'")
        .select("interaction_id")
        .collect()
        .map(_.getString(0))
        .mkString("'", "','", "'")
      val items = s"interaction_a IN ($own) OR interaction_b IN ($own)"
      lake.count("labeling_queue", items) should be > 0L
      Files.copy(java.nio.file.Paths.get(s"${lake.root}-secrets/subject-key"), key)
      lake.submit("enforce-retention", "e1", settings: _*) shouldBe 0
      lake.count("labeling_queue", items) shouldBe 0
      lake.count("interactions") shouldBe 8
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
      lake.output should include("it exists, and is not what a run of this lake has made")
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
      write(folder, "new.jsonl", "somebody has changed it")
      lake.submit("export", "x5", "format" -> "trl", "path" -> s"$folder/new.jsonl") shouldBe 2
      Files.readString(folder.resolve("new.jsonl")) shouldBe "somebody has changed it"
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
