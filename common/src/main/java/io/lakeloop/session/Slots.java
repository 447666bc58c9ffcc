package io.lakeloop.session;

import io.lakeloop.lm.torch.Compute;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/**
 * The slots of this JVM, which outlive the tasks that use them. A task takes a free slot of its
 * device, or a new one: as many come to be as tasks run at once. One fleet is served at a time; the
 * first task of a later one lets go of what an earlier one held.
 */
final class Slots {
  private static final Map<Place, Device> DEVICES = new HashMap<>();

  private Slots() {}

  private record Place(String fleet, int gpu) {}

  /** A device's models, and its slots that no task is using. */
  private static final class Device {
    private final ModelLoader models;
    private final boolean borrowed;
    private final Deque<Slot> free = new ArrayDeque<>();
    private int used;

    private Device(ModelLoader models, boolean borrowed) {
      this.models = models;
      this.borrowed = borrowed;
    }

    private void close() {
      try {
        for (Slot slot : free) {
          slot.close();
        }
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
      free.clear();
      if (!borrowed) {
        models.close();
      }
    }
  }

  /** Lets the fleet's slots in this JVM share bases with the driver, whose loader this is. */
  static synchronized void share(String fleet, ModelLoader models) {
    DEVICES.put(new Place(fleet, models.compute().gpu()), new Device(models, true));
  }

  static synchronized Slot take(String fleet, Fleet.Models models, Compute compute) {
    Iterator<Map.Entry<Place, Device>> entries = DEVICES.entrySet().iterator();
    while (entries.hasNext()) {
      Map.Entry<Place, Device> entry = entries.next();
      if (!entry.getKey().fleet().equals(fleet) && entry.getValue().used == 0) {
        entry.getValue().close();
        entries.remove();
      }
    }
    Device device =
        DEVICES.computeIfAbsent(
            new Place(fleet, compute.gpu()), place -> new Device(models.open(compute), false));
    device.used++;
    return device.free.isEmpty() ? new Slot(device.models) : device.free.pop();
  }

  static synchronized void giveBack(String fleet, Compute compute, Slot slot) throws Exception {
    Device device = DEVICES.get(new Place(fleet, compute.gpu()));
    if (device == null) {
      // The fleet ended while this task, whose result nobody awaits, was still at work.
      slot.close();
    } else {
      device.used--;
      device.free.push(slot);
    }
  }

  /** Lets go of a slot whose task failed. */
  static synchronized void discard(String fleet, Compute compute, Slot slot) throws Exception {
    Device device = DEVICES.get(new Place(fleet, compute.gpu()));
    if (device != null) {
      device.used--;
    }
    slot.close();
  }

  /** Lets go of the fleet's slots in this JVM. */
  static synchronized void end(String fleet) {
    DEVICES
        .entrySet()
        .removeIf(
            entry -> {
              boolean mine = entry.getKey().fleet().equals(fleet);
              if (mine) {
                entry.getValue().close();
              }
              return mine;
            });
  }
}
