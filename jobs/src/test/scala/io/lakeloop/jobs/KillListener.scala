package io.lakeloop.jobs

import java.nio.file.{Files, Path}
import java.util.jar.{JarEntry, JarOutputStream}
import org.apache.spark.SparkConf
import org.apache.spark.scheduler._

/** Kills an executor, or the driver that it lives in, while a phase of the training runs: on a
  * task's start, in the n-th of Spark's jobs in the phase, or in all where the phase is "any".
  */
class KillListener(conf: SparkConf) extends SparkListener {
  private val victim = conf.get("spark.lakeloop.kill.victim")
  private val phase = conf.get("spark.lakeloop.kill.phase")
  private val signal = conf.get("spark.lakeloop.kill.signal", "KILL")
  private val occurrence = conf.getInt("spark.lakeloop.kill.occurrence", 1)
  // The reduce is the second stage of the jobs that run forward and backward.
  private val jobPhase = if (phase == "reduce") "forward-backward" else phase
  private var seen = 0
  private var stages = Set.empty[Int]
  private var done = false

  override def onJobStart(job: SparkListenerJobStart): Unit =
    if (
      phase == "any" ||
      job.properties != null && job.properties.getProperty("lakeloop.phase") == jobPhase
    ) {
      seen += 1
      if (seen == occurrence) {
        stages = if (phase == "reduce") Set(job.stageIds.max) else job.stageIds.toSet
      }
    }

  override def onTaskStart(task: SparkListenerTaskStart): Unit =
    if (!done && stages.contains(task.stageId)) {
      done = true
      val pid =
        if (victim == "driver") ProcessHandle.current().pid()
        else executor(task.taskInfo.executorId)
      System.err.println(s"killing $victim $pid in $phase")
      new ProcessBuilder("kill", s"-$signal", pid.toString).start().waitFor()
    }

  override def onApplicationEnd(end: SparkListenerApplicationEnd): Unit =
    System.err.println(s"saw $seen jobs")

  private def executor(id: String): Long =
    ProcessHandle
      .allProcesses()
      .filter { process =>
        val command = process.info().commandLine().orElse("")
        command.contains("CoarseGrainedExecutorBackend") && command.contains(
          s"--executor-id $id "
        ) &&
        command.contains(s"--app-id ${conf.get("spark.app.id", "")}")
      }
      .findFirst()
      .get()
      .pid()
}

object KillListener {

  /** A jar with the listener, which Spark is started with. */
  def jar(folder: Path): Path = {
    val jar = folder.resolve("kill-listener.jar")
    val name = classOf[KillListener].getName.replace('.', '/') + ".class"
    val out = new JarOutputStream(Files.newOutputStream(jar))
    out.putNextEntry(new JarEntry(name))
    out.write(getClass.getClassLoader.getResourceAsStream(name).readAllBytes())
    out.close()
    jar
  }
}
