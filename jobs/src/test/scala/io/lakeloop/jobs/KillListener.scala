package io.lakeloop.jobs

import org.apache.spark.SparkConf
import org.apache.spark.scheduler._

/** Kills an executor, or the driver that it lives in, with SIGKILL while a phase of the training
  * runs: on a task's start, in the phase's n-th Spark job.
  */
class KillListener(conf: SparkConf) extends SparkListener {
  private val victim = conf.get("spark.lakeloop.kill.victim")
  private val phase = conf.get("spark.lakeloop.kill.phase")
  private val occurrence = conf.getInt("spark.lakeloop.kill.occurrence", 1)
  // The reduce is the second stage of the jobs that run forward and backward.
  private val jobPhase = if (phase == "reduce") "forward-backward" else phase
  private var seen = 0
  private var stages = Set.empty[Int]
  private var done = false

  override def onJobStart(job: SparkListenerJobStart): Unit =
    if (job.properties != null && job.properties.getProperty("lakeloop.phase") == jobPhase) {
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
      new ProcessBuilder("kill", "-9", pid.toString).start().waitFor()
    }

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
