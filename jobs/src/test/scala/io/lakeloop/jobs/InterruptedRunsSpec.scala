package io.lakeloop.jobs

import io.lakeloop.config.Digest
import java.nio.file.{Files, Path, Paths}
import org.apache.spark.sql.delta.DeltaLog
import org.apache.spark.sql.functions.col
import org.scalatest.concurrent.Eventually
import org.scalatest.time.{Seconds, Span}
import scala.collection.JavaConverters._
import scala.sys.process.{Process, ProcessLogger}

/** Jobs through the scripts, stopped in their midst by a signal, or two at once: submitted again,
  * they leave what an undisturbed run leaves, row by row and file by file.
  */
class InterruptedRunsSpec extends LoopSpec with Eventually {
  override implicit val patienceConfig: PatienceConfig =
    PatienceConfig(timeout = Span(120, Seconds), interval = Span(1, Seconds))

  private val scripts = Paths.get("..", "submit-scripts").toAbsolutePath.normalize
  private lazy val listenerJar = KillListener.jar(temporary())

  private def record(n: Int, user: String) =
    s"""{"conversation_id":"c$n","user_id":"$user","created_at":"2026-01-0${1 + n % 2}T10:00:00Z",
       |"prompt":"Where is the parcel of group ${n % 3}?",
       |"completion":"Words of $user: it will arrive on day $n of this week.","consent":true}""".stripMargin
      .replace("\n", "")

  private def records(from: Int, until: Int) =
    (from until until).map(n => record(n, if (n % 4 == 0) "eve" else s"user$n")).mkString("\n")

  private val files = temporary()
  private val more = write(files, "more.jsonl", records(100, 160))
  private val requests = write(files, "requests.jsonl", """{"user_id":"eve"}""")

  /** A lake in which each of the jobs has something to do. */
  private lazy val base: Path = {
    val l = new TestLake()
    val logs = write(files, "logs.jsonl", records(0, 40))
    val later = write(files, "later.jsonl", records(40, 80))
    l.submit("ingest-logs", "i1", "path" -> logs.toString) shouldBe 0
    l.submit("clean-logs", "c1", "duplicates.near" -> "false") shouldBe 0
    l.submit("sample-for-labeling", "s1", "items" -> "60") shouldBe 0
    val items = l.table("labeling_queue").select("item_id").collect().map(_.getString(0)).sorted
    val labels = items.flatMap(item => Seq("r1,a", "r2,a", "r3,b").map(vote => s"$item,$vote"))
    val csv = write(files, "labels.csv", ("item_id,rater_id,value" +: labels).mkString("\n"))
    l.submit("ingest-labels", "l1", "path" -> csv.toString) shouldBe 0
    l.submit("labeler-agreement", "a1", "coefficients.resamples" -> "100") shouldBe 0
    l.submit("build-preferences", "p1", pairs: _*) shouldBe 0
    withClue(l.output)(l.submit("train-reward", "r1", reward: _*) shouldBe 0)
    l.submit("ingest-logs", "i2", "path" -> later.toString) shouldBe 0
    openGate(l.lake, "reward", 1)
    l.root
  }

  private val pairs = Seq("labels.min-probability" -> "0.5", "test-share" -> "0.4")
  private val reward = Seq("snapshot" -> "p1", "architecture" -> "linear")

  /** A copy of the base, and an environment behind it to promote to. */
  private class Copy {
    val root: Path = temporary()
    val conf: Path = Files.createDirectories(root.resolve("conf"))
    for (
      (from, to) <- Seq(base -> "lake", Paths.get(s"$base-secrets") -> "lake-secrets")
      if Files.exists(from)
    ) {
      Process(Seq("cp", "-r", from.toString, root.resolve(to).toString)).! shouldBe 0
    }
    Files.createSymbolicLink(conf.resolve("local"), InterruptedRunsSpec.this.conf.resolve("local"))
    for ((name, lake, to) <- Seq(("here", "lake", "there"), ("there", "other", ""))) {
      write(
        Files.createDirectories(conf.resolve(name)),
        "environment.yaml",
        s"""inherits: local
           |lake: $root/$lake
           |registry: $root/$lake/registry
           |open-settings: ["*"]
           |promotes-to: [$to]
           |""".stripMargin
      )
    }

    private def command(job: Seq[String], spark: Seq[String]) =
      Seq(scripts.resolve("submit").toString, job.head, "--env", "here") ++
        (if (job.contains("--run-id")) Seq() else Seq("--run-id", "run")) ++
        job.tail ++ spark.flatMap(setting => Seq("--spark", setting))

    def start(job: Seq[String], spark: String*): (Process, StringBuffer) = {
      val said = new StringBuffer
      val process = Process(command(job, spark), None, "LAKELOOP_CONF" -> conf.toString)
        .run(ProcessLogger(line => said.append(line).append('\n')))
      (process, said)
    }

    def run(job: Seq[String], spark: String*): (Int, String) = {
      val (process, said) = start(job, spark: _*)
      (process.exitValue(), said.toString)
    }

    def killed(job: Seq[String], at: Int, signal: String): (Int, String) =
      run(
        job,
        "spark.extraListeners=io.lakeloop.jobs.KillListener",
        s"spark.jars=$listenerJar",
        "spark.lakeloop.kill.victim=driver",
        "spark.lakeloop.kill.phase=any",
        s"spark.lakeloop.kill.signal=$signal",
        s"spark.lakeloop.kill.occurrence=$at"
      )

    private def tables(lake: String): Seq[Path] = {
      val folder = root.resolve(lake).resolve("tables")
      if (Files.exists(folder)) Files.list(folder).iterator().asScala.toSeq.sorted else Seq()
    }

    /** Rows of all tables and digests of the registry's files, without what the time of day or the
      * number of attempts says.
      */
    def state(): Seq[String] = {
      DeltaLog.clearCache()
      val rows = for (lake <- Seq("lake", "other"); table <- tables(lake)) yield {
        val all = SharedSpark.session.read.format("delta").load(table.toString)
        val dropped = table.getFileName.toString match {
          case "runs"           => Seq("finished_at", "driver")
          case "model_versions" => Seq("manifest_digest")
          case "lineage"        => Seq("version")
          case _                => Seq()
        }
        val kept =
          if (all.columns.contains("metric")) all.where(!col("metric").contains("seconds")) else all
        val own = kept.drop(dropped: _*).toJSON.collect().map(plain).sorted
        own.map(row => s"$lake ${table.getFileName} $row").toSeq
      }
      rows.flatten ++ registryFiles
    }

    private lazy val began: String = SharedSpark.session.read
      .format("delta")
      .load(root.resolve("lake/tables/runs").toString)
      .where("run_id = 'run'")
      .select("started_at")
      .toJSON
      .first()
      .split('"')(3)

    private def plain(row: String): String =
      row.replace(began, "BEGAN").replace(root.toString, "ROOT")

    private def registryFiles: Seq[String] =
      for (
        lake <- Seq("lake", "other");
        registry = root.resolve(lake).resolve("registry") if Files.exists(registry);
        file <- Files.walk(registry).iterator().asScala.toSeq.sorted
        if Files.isRegularFile(file)
      ) yield {
        val name = registry.relativize(file).toString
        // Aliases and manifests tell the time at which a run began.
        val content = if (name.endsWith(".json")) "" else Digest.of(file)
        s"$lake registry $name $content"
      }

    def drafts: Seq[Path] = Seq("lake", "other")
      .map(lake => root.resolve(lake).resolve("registry/.drafts"))
      .filter(Files.exists(_))
      .flatMap(Files.list(_).iterator().asScala)

    def status: (Int, String) = {
      val said = new StringBuffer
      val code = Process(
        Seq(scripts.resolve("submit").toString, "status", "--env", "here"),
        None,
        "LAKELOOP_CONF" -> conf.toString
      ).!(ProcessLogger(line => said.append(line).append('\n')))
      (code, said.toString)
    }
  }

  private def sets(settings: (String, String)*): Seq[String] =
    settings.flatMap { case (key, value) => Seq("--set", s"$key=$value") }

  private val jobs: Seq[(String, () => Seq[String])] = Seq(
    "ingest-logs" -> (() => sets("path" -> more.toString)),
    "clean-logs" -> (() => Seq()),
    "build-preferences" -> (() => sets(pairs: _*)),
    "train-reward" -> (() => sets(reward: _*)),
    "promote" -> (() => Seq("--to", "there") ++ sets("model" -> "reward/1")),
    "enforce-retention" -> (() => sets("requests" -> requests.toString, "vacuum-hours" -> "0"))
  )

  describe("a run that is killed in its midst") {
    for ((job, settings) <- jobs) {
      it(s"leaves what it would have left undisturbed, submitted again: $job", Slow) {
        val command = job +: settings()
        val calm = new Copy
        // Counts Spark's jobs, and reaches no such number.
        val (code, said) = calm.killed(command, Int.MaxValue, "KILL")
        withClue(said)(code shouldBe 0)
        val expected = calm.state()
        val all = "saw ([0-9]+) jobs".r.findFirstMatchIn(said).get.group(1).toInt
        val moments = Seq(1, all / 4, all / 2, all * 3 / 4, all - 1, all).filter(_ > 0).distinct
        val stopped = for ((at, signal) <- moments.map(_ -> "KILL") :+ (all / 2 -> "TERM")) yield {
          val copy = new Copy
          val (first, before) = copy.killed(command, at, signal)
          // One of Spark's jobs without a task lets the run go on.
          val isStopped = before.contains("killing driver")
          withClue(before)((first == 0) shouldBe !isStopped)
          if (isStopped && signal == "KILL" && at == all / 2) {
            withClue(copy.status._2)(copy.status._2 should include(s"died     run, a run of $job"))
          }
          val (second, after) = copy.run(command)
          withClue(s"$signal at Spark's job $at of $all:\n$after") {
            second shouldBe 0
            copy.state() shouldBe expected
            copy.drafts shouldBe empty
          }
          if (isStopped) Some(s"$signal $at") else None
        }
        stopped.flatten.size should be > moments.size / 2
        info(s"stopped at Spark's jobs ${stopped.flatten.mkString(", ")} of $all")
      }
    }
  }

  describe("two drivers at once") {
    it("of one run: the second is refused, and one run's rows are there", Slow) {
      val calm = new Copy
      calm.run(Seq("clean-logs"))._1 shouldBe 0
      val copy = new Copy
      val both = Seq.fill(2)(copy.start(Seq("clean-logs")))
      val codes = both.map(_._1.exitValue()).sorted
      withClue(both.map(_._2).mkString("\n---\n"))(codes shouldBe Seq(0, 75))
      copy.state() shouldBe calm.state()
    }

    it("that both clean: one is refused, nothing comes twice", Slow) {
      val copy = new Copy
      val both = Seq("clean-1", "clean-2").map(id => copy.start(Seq("clean-logs", "--run-id", id)))
      val codes = both.map(_._1.exitValue())
      codes.sorted shouldBe Seq(0, 75)
      val refused = both(codes.indexOf(75))._2.toString
      refused should include("is at work on another intake or deletion")
    }

    it("of which one deletes what the other reads: it is refused until that has ended", Slow) {
      val copy = new Copy
      val settings = sets("model.vocab-size" -> "300", "epochs" -> "5000")
      val (training, said) = copy.start("train-sft" +: settings)
      withClue(said)(
        eventually(copy.status._2 should include("at work  run, a run of train-sft"))
      )
      val deletion =
        Seq("enforce-retention", "--run-id", "e1") ++ sets("requests" -> requests.toString)
      val (code, refusal) = copy.run(deletion)
      withClue(said)(training.isAlive() shouldBe true)
      training.destroy()
      training.exitValue()
      withClue(refusal) {
        code shouldBe 75
        refusal should include("the run run of train-sft is at work on rows of")
      }
      copy.run(deletion)._1 shouldBe 0
    }
  }
}
