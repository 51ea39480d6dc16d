"""Machines that the tests of `leat doctor` imitate: a folder with the files of /proc and /sys."""
import os

GIB = 1 << 30

CLEAN = {
    "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
    "sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc hpet acpi_pm \n",
    "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
    "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages": "0\n",
    "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages": "0\n",
    "sys/devices/system/cpu/isolated": "\n",
    "sys/devices/system/cpu/nohz_full": "(null)\n",
    "sys/devices/system/cpu/smt/active": "0\n",
    "sys/class/dmi/id/sys_vendor": "Leat Works\n",
    "sys/class/dmi/id/product_name": "Bench 4\n",
    "sys/fs/cgroup/user/cpu.max": "max 100000\n",
    "sys/fs/cgroup/user/cpu.stat": "usage_usec 5\nnr_periods 0\nnr_throttled 0\n"
                                   "throttled_usec 0\n",
    "proc/self/cgroup": "0::/user\n",
    "proc/self/mountinfo": "25 1 0:22 / /sys rw - sysfs sysfs rw\n"
                           "30 25 0:26 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw\n",
    "proc/sys/kernel/numa_balancing": "0\n",
    "proc/meminfo": "MemTotal:       16000000 kB\nMemFree:         8000000 kB\n"
                    "SwapTotal:             0 kB\n",
    "proc/stat": "cpu  1000 0 1000 98000 0 0 0 0 0 0\ncpu0 250 0 250 24500 0 0 0 0 0 0\n",
}
FLAGS = "fpu tsc msr constant_tsc nonstop_tsc sse2 fma avx avx2"
CPUINFO = """processor	: {pu}
vendor_id	: AuthenticAMD
model name	: Mill Wheel 4
flags		: {flags}

"""
LIMITS = """Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max stack size            {stack:<20} unlimited            bytes     
Max open files            {files:<20} 1048576              files     
Max locked memory         {memlock:<20} {memlock_most:<20} bytes     
"""


def numbers(pus):
    return ",".join(str(pu) for pu in pus) + "\n"


def bits(pus):
    return f"{sum(1 << pu for pu in pus):08x}\n"


class Machine:
    """Four cores of one package, a cache in common, bare metal, nothing to mend. `with_` changes a
    file (None: it is not there)."""

    def __init__(self, cores=4, siblings=1, nodes=1, flags=FLAGS):
        self.files = dict(CLEAN)
        self.pus = cores * siblings
        everyone = range(self.pus)
        self.files["proc/cpuinfo"] = "".join(CPUINFO.format(pu=pu, flags=flags)
                                             for pu in everyone)
        self.files["sys/devices/system/cpu/online"] = f"0-{self.pus - 1}\n"
        self.files["sys/devices/system/cpu/possible"] = f"0-{self.pus - 1}\n"
        for pu in everyone:
            own = [other for other in everyone if other % cores == pu % cores]
            self.add_processor(pu, pu % cores, own, everyone)
        for node in range(nodes):
            of_node = [pu for pu in everyone if pu % cores * nodes // cores == node]
            folder = f"sys/devices/system/node/node{node}/"
            self.files[folder + "cpumap"] = bits(of_node)
            self.files[folder + "cpulist"] = numbers(of_node)
            self.files[folder + "meminfo"] = f"Node {node} MemTotal:       8000000 kB\n"
        self.files["sys/devices/system/node/online"] = f"0-{nodes - 1}\n"
        self.allow(f"0-{self.pus - 1}")
        self.limits()

    def add_processor(self, pu, core, own, everyone):
        folder = f"sys/devices/system/cpu/cpu{pu}/"
        for name, pus in (("core_cpus", own), ("thread_siblings", own), ("package_cpus", everyone),
                          ("core_siblings", everyone)):
            self.files[folder + "topology/" + name] = bits(pus)
            self.files[folder + "topology/" + name + "_list"] = numbers(pus)
        self.files[folder + "topology/core_id"] = f"{core}\n"
        self.files[folder + "topology/physical_package_id"] = "0\n"
        for index, level, kind, size, pus in ((0, 1, "Data", "32K", own),
                                              (1, 2, "Unified", "512K", own),
                                              (2, 3, "Unified", "16384K", everyone)):
            cache = folder + f"cache/index{index}/"
            self.files[cache + "level"] = f"{level}\n"
            self.files[cache + "type"] = kind + "\n"
            self.files[cache + "size"] = size + "\n"
            self.files[cache + "coherency_line_size"] = "64\n"
            self.files[cache + "shared_cpu_map"] = bits(pus)
            self.files[cache + "shared_cpu_list"] = numbers(pus)
        self.files[folder + "cpufreq/scaling_governor"] = "performance\n"
        self.files[folder + "cpufreq/scaling_driver"] = "acpi-cpufreq\n"
        self.files[folder + "cpufreq/cpuinfo_min_freq"] = "1200000\n"
        self.files[folder + "cpufreq/cpuinfo_max_freq"] = "3600000\n"

    def with_(self, **files):
        """The last part of a path, with _ for a dot or a dash where that finds one."""
        for name, text in files.items():
            found = [path for path in self.files
                     if path.split("/")[-1].replace(".", "_").replace("-", "_") == name]
            assert found, name
            for path in found:
                self.files[path] = text
        return self

    def at(self, path, text):
        self.files[path] = text
        return self

    def allow(self, pus):
        return self.at("proc/self/status", f"Name:\tleat\nCpus_allowed_list:\t{pus}\n")

    def limits(self, stack=8 << 20, files=1024, memlock="unlimited", memlock_most="unlimited"):
        return self.at("proc/self/limits", LIMITS.format(stack=stack, files=files, memlock=memlock,
                                                         memlock_most=memlock_most))

    def cgroup_v1(self, quota, period=100000, group="/docker/42", root="/docker/42"):
        """The control groups of old, as Docker mounts them: the group is the mount's root."""
        for path in [path for path in self.files if "/cgroup" in path or "mountinfo" in path]:
            del self.files[path]
        self.files["proc/self/cgroup"] = f"4:cpu,cpuacct:{group}\n3:cpuset:{group}\n0::/\n"
        self.files["proc/self/mountinfo"] = (
            f"31 25 0:29 {root} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
            f"32 25 0:30 {root} /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n")
        inside = group[len(root):] if root != "/" else group
        folder = "sys/fs/cgroup/cpu,cpuacct" + inside + "/"
        self.files[folder + "cpu.cfs_quota_us"] = f"{quota}\n"
        self.files[folder + "cpu.cfs_period_us"] = f"{period}\n"
        self.files[folder + "cpu.stat"] = "nr_periods 900\nnr_throttled 7\n" \
                                          "throttled_time 1500000000\n"
        return self

    def write(self, folder):
        for path, text in self.files.items():
            if text is None:
                continue
            whole = os.path.join(folder, path)
            os.makedirs(os.path.dirname(whole), exist_ok=True)
            with open(whole, "w", encoding="utf-8") as file:
                file.write(text)
        return folder
