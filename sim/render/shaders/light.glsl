// SPDX-License-Identifier: Apache-2.0
// The endoscope's light, tone curve and sensor noise; included by every fragment shader.
// Positions in m in world; colours linear until `developed`.

uniform vec3 eye;         // position of this eye
uniform vec3 lamp;        // the light guide, beside the lenses
uniform vec3 lamp_axis;   // unit, along the view
uniform vec4 optics;      // principal point in px, 1 / half diagonal in px, vignette strength
uniform vec4 exposure;    // light power x m^2, tone gain, read noise, shot noise (grey levels)
uniform uvec2 noise_key;  // from seed, stamp and eye

const float kLampSize2 = 0.0016;  // m^2: a light guide is no point, near things do not burn out

layout(location = 0) out vec3 colour;
layout(location = 1) out vec2 truth;  // metric depth (m), mask id

// Three independent 32-bit hashes: Jarzynski and Olano, JCGT 9(3), 2020, "pcg3d".
uvec3 hashed(uvec3 v) {
    v = v * 1664525u + 1013904223u;
    v.x += v.y * v.z; v.y += v.z * v.x; v.z += v.x * v.y;
    v ^= v >> 16u;
    v.x += v.y * v.z; v.y += v.z * v.x; v.z += v.x * v.y;
    return v;
}

// Near-normal, unit variance: the sum of a hash's four bytes (mean 510, sd 147.8).
vec3 normal_noise() {
    uvec3 h = hashed(uvec3(uvec2(gl_FragCoord.xy) + noise_key, noise_key.x ^ noise_key.y));
    h = (h & 0x00ff00ffu) + ((h >> 8u) & 0x00ff00ffu);
    h = (h & 0xffffu) + (h >> 16u);
    return (vec3(ivec3(h)) - 510.0) * (1.0 / 147.8);
}

// What the light does to a surface of normal n at p: `diffuse` reflectance, `shine` highlight.
vec3 lit(vec3 p, vec3 n, vec3 diffuse, float shine, float sharpness) {
    vec3 l = lamp - p;
    float d2 = dot(l, l);
    l *= inversesqrt(d2);
    vec3 v = normalize(eye - p);
    float cosine = dot(l, -lamp_axis);
    float spot = cosine * cosine;
    spot *= spot;
    float s = max(dot(n, normalize(l + v)), 0.0);
    s *= s; s *= s; s *= s; s *= s;   // s^16
    float narrow = s * s; narrow *= narrow;   // s^64
    float highlight = shine * mix(s, narrow * narrow, sharpness);
    return exposure.x / (d2 + kLampSize2) * spot * (diffuse * max(dot(n, l), 0.0) + highlight);
}

// Sensor: vignette, shoulder, gamma 2, noise.  Writes both attachments.
void developed(vec3 linear, float id) {
    vec2 r = (gl_FragCoord.xy - optics.xy) * optics.z;
    linear *= 1.0 - optics.w * dot(r, r);
    vec3 c = sqrt(1.0 - exp2(-exposure.y * linear));
    vec3 sigma = vec3(exposure.z) + exposure.w * c;
    colour = c + sigma * normal_noise();
    truth = vec2(1.0 / gl_FragCoord.w, id);  // w in clip space is the metric depth
}
