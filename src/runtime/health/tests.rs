//! Boards as folders of files, laid out as their kernels do.

use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

fn board(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn raspberry(bits: &str) -> TempDir {
    board(&[
        ("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n"),
        ("sys/class/thermal/thermal_zone0/temp", "61835\n"),
        ("sys/class/thermal/cooling_device0/type", "pwm-fan\n"),
        ("sys/class/thermal/cooling_device0/cur_state", "3\n"),
        ("sys/devices/platform/soc/soc:firmware/get_throttled", bits),
        ("sys/class/hwmon/hwmon0/name", "cpu_thermal\n"),
        ("sys/class/hwmon/hwmon1/name", "rpi_volt\n"),
        ("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n"),
        ("sys/devices/system/cpu/cpufreq/policy0/cpuinfo_max_freq", "1800000\n"),
        ("sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq", "600000\n"),
    ])
}

const NEVER: Option<Condition> = Some(Condition { now: false, since_boot: false });
const BEFORE: Option<Condition> = Some(Condition { now: false, since_boot: true });
const NOW: Option<Condition> = Some(Condition { now: true, since_boot: true });

#[test]
fn a_raspberry_pi_tells_everything() {
    let health = read(raspberry("0\n").path());
    assert_eq!(health.temperature_c, Some(61.835));
    assert_eq!((health.under_voltage, health.throttled), (NEVER, NEVER));
    assert_eq!(health.frequency, Some(Frequency { current_mhz: 600, max_mhz: 1800 }));
    assert!(health.warnings(&Settings::default()).is_empty());
    assert_eq!(health.in_words(), "62 °C");
}

#[test]
fn the_bits_of_the_firmware_mean_what_its_documentation_says() {
    // Bit 0 under-voltage, 1 capped, 2 throttled, 3 soft limit; from 16 on the same since the start.
    for (bits, under_voltage, throttled) in [
        ("1", NOW, NEVER),
        ("2", NEVER, NOW),
        ("4", NEVER, NOW),
        ("8", NEVER, NOW),
        ("50000", BEFORE, BEFORE),
        ("50005", NOW, NOW),
        ("80000", NEVER, BEFORE),
        ("0x10000", BEFORE, NEVER),
    ] {
        let health = read(raspberry(bits).path());
        assert_eq!((health.under_voltage, health.throttled), (under_voltage, throttled), "{bits}");
    }
}

#[test]
fn a_newer_raspberry_pi_names_its_bus_after_the_address() {
    let path = "sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled";
    assert_eq!(read(board(&[(path, "1\n")]).path()).under_voltage, NOW);
}

#[test]
fn the_kernels_own_alarm_counts_where_there_is_no_firmware_file() {
    let name = "sys/class/hwmon/hwmon2/name";
    let health = read(board(&[(name, "rpi_volt"), ("sys/class/hwmon/hwmon2/in0_lcrit_alarm", "1\n")]).path());
    assert_eq!((health.under_voltage, health.throttled), (NOW, None));
}

#[test]
fn a_jetson_tells_its_hottest_part_and_what_cools_it() {
    let files = [
        ("sys/class/thermal/thermal_zone0/type", "CPU-therm"),
        ("sys/class/thermal/thermal_zone0/temp", "83500"),
        ("sys/class/thermal/thermal_zone1/type", "GPU-therm"),
        ("sys/class/thermal/thermal_zone1/temp", "79000"),
        ("sys/class/thermal/thermal_zone2/type", "PMIC-Die"),
        ("sys/class/thermal/thermal_zone2/temp", "100000"),
        ("sys/class/thermal/thermal_zone3/type", "thermal-fan-est"),
        ("sys/class/thermal/thermal_zone3/temp", "99000"),
        ("sys/class/thermal/cooling_device0/type", "thermal-cpufreq-0"),
        ("sys/class/thermal/cooling_device0/cur_state", "2"),
    ];
    let health = read(board(&files).path());
    assert_eq!((health.temperature_c, health.throttled, health.under_voltage), (Some(83.5), NOW, None));
    assert_eq!(health.warnings(&Settings::default()), ["slowed down, 84 °C"]);
}

#[test]
fn what_a_board_does_not_tell_is_unknown() {
    let health = read(board(&[]).path());
    assert_eq!((health, health.in_words().as_str()), (Health::default(), ""));
    let sick = [("sys/class/thermal/thermal_zone0/type", "cpu"), ("sys/class/thermal/thermal_zone0/temp", "-274000")];
    assert_eq!(read(board(&sick).path()), Health::default());
}

#[test]
fn heat_and_low_voltage_are_warnings_while_they_last() {
    let settings = Settings { hot_c: 60.0, ..Settings::default() };
    assert_eq!(read(raspberry("50000").path()).warnings(&settings), ["hot, 62 °C"]);
    assert_eq!(read(raspberry("50005").path()).warnings(&settings), ["under-voltage", "slowed down, 62 °C"]);
    assert_eq!(read(raspberry("50000").path()).in_words(), "62 °C · under-voltage before · slowed down before");
}

proptest! {
    #[test]
    fn any_content_is_taken(text in "\\PC{0,12}") {
        let root = raspberry(&text);
        fs::write(root.path().join("sys/class/thermal/thermal_zone0/temp"), &text).unwrap();
        fs::write(root.path().join("sys/devices/system/cpu/cpufreq/policy0/cpuinfo_max_freq"), &text).unwrap();
        let health = read(root.path());
        prop_assert!(health.temperature_c.is_none_or(|degrees| (-40.0..150.0).contains(&degrees)));
    }
}

#[test]
fn limits_without_sense_are_refused() {
    assert_eq!(Settings::default().stale_after().unwrap(), Duration::from_secs(10));
    for stale_s in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        let error = Settings { stale_s, ..Settings::default() }.stale_after().unwrap_err().to_string();
        assert!(error.contains("stale_s"), "{error}");
    }
}

#[test]
fn what_was_amiss_is_remembered_where_the_board_forgets_it() {
    let told = |now| Health { under_voltage: Some(Condition { now, since_boot: now }), ..Health::default() };
    let after = told(false).after(&told(true));
    assert_eq!(after.under_voltage, Some(Condition { now: false, since_boot: true }));
    assert!(after.in_words().contains("under-voltage before"));
    assert_eq!(told(false).after(&after).under_voltage, after.under_voltage);
    assert_eq!(Health::default().after(&after).under_voltage, None);
    assert_eq!(told(false).after(&Health::default()), told(false));
}
