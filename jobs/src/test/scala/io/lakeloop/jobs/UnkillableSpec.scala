package io.lakeloop.jobs

import io.lakeloop.config.Digest
import java.nio.file.attribute.PosixFilePermissions
import java.nio.file.{Files, Paths}
import org.scalatest.{BeforeAndAfterAll, Tag}
import scala.collection.JavaConverters._
import scala.sys.process.{Process, ProcessLogger}

/** Takes minutes: run by -Pslow alone. */
object Slow extends Tag("slow")

/** Policy training through the scripts on a standalone cluster, with executors and drivers killed
  * at every phase: the same weights come out, and no trajectory is lost or doubled.
  */
class UnkillableSpec extends LoopSpec with BeforeAndAfterAll {
  private val scripts = Paths.get("..", "submit-scripts").toAbsolutePath.normalize
  private val steps = 4
  private val prompts = 24

  private lazy val lake = {
    val lake = new TestLake()
    val landing = lake.root.resolve("landing").toString
    val small = Seq(
      "model.vocab-size" -> "400",
      "model.hidden-size" -> "64",
      "model.intermediate-size" -> "128",
      "model.layers" -> "2",
      "model.heads" -> "2",
      "max-examples" -> "300",
      "epochs" -> "1"
    )
    val codes = Seq(
      lake.submit("simulate-logs", "s1", "conversations" -> "700"),
      lake.submit("ingest-logs", "i1", "path" -> s"$landing/logs.jsonl"),
      lake.submit("clean-logs", "c1"),
      lake.submit(
        "sample-for-labeling",
        "q1",
        "items" -> "240",
        "gold-questions" -> s"$landing/gold-questions.jsonl"
      ),
      lake.submit("simulate-labels", "sl1"),
      lake.submit("ingest-labels", "l1", "path" -> s"$landing/labels.csv"),
      lake.submit("labeler-agreement", "a1"),
      lake.submit("build-preferences", "p1"),
      lake.submit("train-sft", "sft1", small: _*),
      lake.submit(
        "train-reward",
        "r1",
        "architecture" -> "transformer",
        "transformer.epochs" -> "1"
      )
    )
    withClue(lake.output)(codes.toSet shouldBe Set(0))
    lake
  }

  private lazy val listenerJar = KillListener.jar(temporary())

  private def script(arguments: String*): (Int, String) = {
    val said = new StringBuffer
    val log = ProcessLogger(line => said.append(line).append('\n'))
    val code = Process((scripts.resolve(arguments.head).toString +: arguments.tail)).!(log)
    (code, said.toString)
  }

  private lazy val master: String = {
    script("local-cluster", "stop")
    val (code, said) = script("local-cluster", "start", "--workers", "2")
    withClue(said)(code shouldBe 0)
    said.trim
  }

  override def afterAll(): Unit = script("local-cluster", "stop")

  private def train(run: String, master: String, more: String*): (Int, String) =
    script(
      Seq(
        "submit",
        "train-policy",
        "--lake",
        lake.root.toString,
        "--run-id",
        run,
        "--master",
        master
      ) ++
        Seq(
          s"name=$run",
          "base-model=sft/1",
          "reward-model=reward/1",
          "snapshot=p1",
          s"rollout.steps=$steps",
          s"rollout.prompts-per-step=$prompts",
          "tables-every=2",
          // All gradients go through the shuffle, so that there is a reduce to be killed in.
          "fleet.driver-sum-megabytes=0"
        ).flatMap(setting => Seq("--set", setting)) ++ more: _*
    )

  private def killing(victim: String, phase: String): Seq[String] =
    Seq(
      "spark.extraListeners=io.lakeloop.jobs.KillListener",
      s"spark.jars=$listenerJar",
      s"spark.lakeloop.kill.victim=$victim",
      s"spark.lakeloop.kill.phase=$phase",
      // In the second step, behind the first commit; each step has two updates.
      s"spark.lakeloop.kill.occurrence=${if (Set("forward-backward", "reduce")(phase)) 3 else 2}"
    ).flatMap(setting => Seq("--spark", setting))

  private def digest(run: String): String =
    Digest.of(lake.root.resolve(s"registry/models/$run/1/model.safetensors"))

  private lazy val expected: String = {
    val (code, said) = train("calm-local-2", "local[2]")
    withClue(said)(code shouldBe 0)
    println(s"SHA-256 of the weights: ${digest("calm-local-2")}")
    digest("calm-local-2")
  }

  private def check(run: String): Unit = {
    digest(run) shouldBe expected
    val trajectories = lake.table("trajectories").where(s"run_id = '$run'")
    trajectories.count() shouldBe steps * prompts
    trajectories.select("step", "prompt_id", "sample").distinct().count() shouldBe steps * prompts
    val metrics = lake.table("training_metrics").where(s"run_id = '$run'")
    metrics.select("step").distinct().count() shouldBe steps
    metrics.groupBy("step", "metric").count().where("count > 1").count() shouldBe 0
  }

  private val phases = Seq("generation", "scoring", "forward-backward", "reduce", "commit")

  describe("the weights' digest") {
    for (
      (where, on, more) <- Seq(
        ("one thread", () => "local[1]", Seq()),
        ("two executors", () => master, Seq()),
        ("one executor", () => master, Seq("--spark", "spark.cores.max=1"))
      )
    ) {
      it(s"is the same on $where as on two threads", Slow) {
        expected
        val run = "calm-" + where.replace(' ', '-')
        val (code, said) = train(run, on(), more: _*)
        withClue(said)(code shouldBe 0)
        check(run)
      }
    }
  }

  describe("a cluster") {
    it("refuses who does not know its secret", Slow) {
      val other = write(temporary(), "secret", "another-secret-than-the-clusters-own")
      Files.setPosixFilePermissions(other, PosixFilePermissions.fromString("rw-------"))
      val said = new StringBuffer
      val command = Seq("submit", "status", "--lake", lake.root.toString, "--master", master)
      val code = Process(
        scripts.resolve("submit").toString +: command.tail,
        None,
        "LAKELOOP_CLUSTER_SECRET" -> other.toString
      ).!(ProcessLogger(line => said.append(line).append('\n')))
      withClue(said) {
        code shouldBe 2
        said.toString should include("not know the cluster's secret")
        said.toString should not include "\tat "
      }
    }
  }

  describe("a run whose executor is killed") {
    for (phase <- phases) {
      it(s"finishes unattended: $phase", Slow) {
        expected
        val (code, said) = train(s"executor-$phase", master, killing("executor", phase): _*)
        withClue(said) {
          said should include("killing executor")
          code shouldBe 0
          check(s"executor-$phase")
        }
      }
    }
  }

  describe("a run whose driver is killed") {
    for (phase <- phases) {
      it(s"goes on by the same command, on one executor: $phase", Slow) {
        expected
        val (first, before) = train(s"driver-$phase", master, killing("driver", phase): _*)
        withClue(before) {
          before should include("killing driver")
          first should not be 0
        }
        val (code, said) = train(s"driver-$phase", master, "--spark", "spark.cores.max=1")
        withClue(said) {
          code shouldBe 0
          said should include("goes on behind step")
          check(s"driver-$phase")
        }
      }
    }
  }
}
