package io.lakeloop.jobs

import java.io.IOException
import java.net.URI
import java.util.concurrent.atomic.AtomicInteger
import org.apache.hadoop.fs.{FSDataInputStream, FSInputStream, FileStatus, Path, RawLocalFileSystem}

/** Local files that fail or change when they are opened. */
class UnsteadyFileSystem extends RawLocalFileSystem {
  override def getUri: URI = URI.create("unsteady:///")

  override def getScheme: String = "unsteady"

  /** Without owner and permissions, which only file: tells. */
  override def getFileStatus(file: Path): FileStatus = {
    val status = super.getFileStatus(file)
    new FileStatus(
      status.getLen,
      status.isDirectory,
      1,
      status.getBlockSize,
      status.getModificationTime,
      file.makeQualified(getUri, getWorkingDirectory)
    )
  }

  override def listStatus(folder: Path): Array[FileStatus] =
    super.listStatus(folder).map(status => getFileStatus(status.getPath))

  override def open(file: Path, bufferSize: Int): FSDataInputStream = {
    val opening = UnsteadyFileSystem.openings.getAndIncrement()
    UnsteadyFileSystem.events(opening)(super.open(file, bufferSize))
  }
}

object UnsteadyFileSystem {
  private val openings = new AtomicInteger

  private val steady: Int => FSDataInputStream => FSDataInputStream = _ => identity
  @volatile private var events = steady

  /** From now on the opening of that number, counted from 0, gives another stream. */
  def at(opening: Int)(event: FSDataInputStream => FSDataInputStream): Unit = {
    openings.set(0)
    events = number => if (number == opening) event else identity
  }

  def becomesSteady(): Unit = events = steady

  /** A stream that cannot be read. */
  def broken: FSDataInputStream = new FSDataInputStream(new FSInputStream {
    override def read(): Int = throw new IOException("connection reset by peer")
    override def seek(position: Long): Unit = ()
    override def getPos: Long = 0
    override def seekToNewSource(position: Long): Boolean = false
  })
}
